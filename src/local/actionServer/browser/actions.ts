import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { ActionCall } from './actionCode';
import { parseKeys } from './keys';
import { type Page, ValueError } from './page';
import type { Tabs } from './tabs';

/** The longest `noop`, in ms; a whole step has 120 seconds. */
const longestNoop = 100_000;

const button = z.enum(['left', 'middle', 'right']).default('left');
const modifiers = z.array(z.enum(['Alt', 'Control', 'ControlOrMeta', 'Meta', 'Shift'])).default([]);
const bid = z.string();

/** What an action takes, in the order of its parameters, and what it does. */
interface Action {
  readonly parameters: readonly string[];
  readonly shape: z.ZodType<Record<string, unknown>>;
  readonly run: (values: Record<string, unknown>, tabs: Tabs) => Promise<void>;
}

function action<Shape extends z.ZodRawShape>(
  shape: Shape,
  run: (values: z.infer<z.ZodObject<Shape>>, tabs: Tabs) => Promise<void>,
): Action {
  const whole = z.strictObject(shape);
  return {
    parameters: Object.keys(shape),
    shape: whole,
    run: (values, tabs) => run(values as z.infer<z.ZodObject<Shape>>, tabs),
  };
}

const actions = new Map<string, Action>([
  [
    'noop',
    action({ wait_ms: z.number().min(0).max(longestNoop).default(1000) }, async ({ wait_ms: time }) => pause(time)),
  ],
  ['send_msg_to_user', action({ text: z.string() }, () => Promise.resolve())],
  ['report_infeasible', action({ reason: z.string() }, () => Promise.resolve())],
  ['goto', action({ url: z.string() }, ({ url }, tabs) => tabs.active.goto(url))],
  ['go_back', action({}, (_values, tabs) => travel(tabs.active, -1))],
  ['go_forward', action({}, (_values, tabs) => travel(tabs.active, 1))],
  ['new_tab', action({}, (_values, tabs) => tabs.open())],
  ['tab_close', action({}, (_values, tabs) => tabs.close())],
  ['tab_focus', action({ index: z.int() }, ({ index }, tabs) => tabs.focus(index))],
  [
    'scroll',
    action({ delta_x: z.number(), delta_y: z.number() }, ({ delta_x: deltaX, delta_y: deltaY }, tabs) =>
      mouse(tabs.active, 'mouseWheel', { x: 640, y: 360 }, { deltaX, deltaY }),
    ),
  ],
  ['click', action({ bid, button, modifiers }, (values, tabs) => click(tabs.active, values, 1))],
  ['dblclick', action({ bid, button, modifiers }, (values, tabs) => click(tabs.active, values, 2))],
  [
    'hover',
    action({ bid }, async (values, tabs) => mouse(tabs.active, 'mouseMoved', await tabs.active.centreOf(values.bid))),
  ],
  ['focus', action({ bid }, (values, tabs) => focus(tabs.active, values.bid))],
  ['fill', action({ bid, value: z.string() }, (values, tabs) => fill(tabs.active, values.bid, values.value))],
  ['clear', action({ bid }, (values, tabs) => fill(tabs.active, values.bid, ''))],
  [
    'press',
    action({ bid, key_comb: z.string() }, async (values, tabs) => {
      await focus(tabs.active, values.bid);
      await press(tabs.active, values.key_comb);
    }),
  ],
  [
    'select_option',
    action({ bid, options: z.union([z.string(), z.array(z.string())]) }, async (values, tabs) => {
      await tabs.active.call(tabs.active.node(values.bid), selectScript, [values.options].flat());
    }),
  ],
  [
    'drag_and_drop',
    action({ from_bid: bid, to_bid: bid }, (values, tabs) => drag(tabs.active, values.from_bid, values.to_bid)),
  ],
  [
    'upload_file',
    action({ bid, file: z.union([z.string(), z.array(z.string())]) }, async (values, tabs) => {
      await tabs.active.send('DOM.setFileInputFiles', {
        backendNodeId: tabs.active.node(values.bid),
        files: [values.file].flat(),
      });
    }),
  ],
]);

/** A name that is no action's. */
class NameError extends Error {
  override readonly name = 'NameError';
}

/** Arguments that an action does not take. */
class ArgumentError extends Error {
  override readonly name = 'TypeError';
}

/**
 * Carries out calls, one after the other.
 *
 * @throws Error of the first one that fails; when one is not known, none is carried out
 */
export async function runCalls(calls: readonly ActionCall[], tabs: Tabs): Promise<void> {
  if (calls.length === 0) throw new ValueError('Received an empty action.');
  const unknown = calls.find((call) => !actions.has(call.name));
  if (unknown !== undefined) throw new NameError(`Invalid action type '${unknown.name}'.`);
  for (const call of calls) {
    const known = actions.get(call.name);
    if (known === undefined) continue;
    await known.run(argumentsOf(call, known), tabs);
    await tabs.settled();
  }
}

function argumentsOf({ name, positional, named }: ActionCall, { parameters, shape }: Action): Record<string, unknown> {
  if (positional.length > parameters.length) {
    throw new ArgumentError(
      `${name}() takes ${parameters.length} positional arguments but ${positional.length} were given`,
    );
  }
  const values = {
    ...Object.fromEntries(positional.map((value, index) => [parameters[index] ?? '', value])),
    ...named,
  };
  const parsed = shape.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ArgumentError(`${name}(): ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be used'}`);
}

async function mouse(
  page: Page,
  type: string,
  at: { readonly x: number; readonly y: number },
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await page.send('Input.dispatchMouseEvent', { type, ...at, ...more });
}

async function click(
  page: Page,
  values: { readonly bid: string; readonly button: string; readonly modifiers: readonly string[] },
  count: number,
): Promise<void> {
  const at = await page.centreOf(values.bid);
  const held = parseKeys([...values.modifiers, 'a'].join('+'))?.modifiers ?? 0;
  await mouse(page, 'mouseMoved', at, { modifiers: held });
  for (let clickCount = 1; clickCount <= count; clickCount += 1) {
    await mouse(page, 'mousePressed', at, { button: values.button, clickCount, modifiers: held });
    await mouse(page, 'mouseReleased', at, { button: values.button, clickCount, modifiers: held });
  }
}

async function drag(page: Page, from: string, to: string): Promise<void> {
  const start = await page.centreOf(from);
  await mouse(page, 'mouseMoved', start);
  await mouse(page, 'mousePressed', start, { button: 'left', clickCount: 1 });
  const end = await page.centreOf(to);
  for (const part of [0.25, 0.5, 0.75, 1]) {
    await mouse(
      page,
      'mouseMoved',
      { x: start.x + (end.x - start.x) * part, y: start.y + (end.y - start.y) * part },
      { button: 'left', buttons: 1 },
    );
  }
  await mouse(page, 'mouseReleased', end, { button: 'left', clickCount: 1 });
}

async function focus(page: Page, name: string): Promise<void> {
  await page.call(page.node(name), 'function () { this.focus(); }');
}

async function fill(page: Page, name: string, value: string): Promise<void> {
  await page.call(page.node(name), fillScript, value);
}

async function press(page: Page, combination: string): Promise<void> {
  const keys = parseKeys(combination);
  if (keys === undefined) throw new ValueError(`Unknown key: "${combination}"`);
  const { modifiers: held, key } = keys;
  const event = { modifiers: held, key: key.key, code: key.code, windowsVirtualKeyCode: key.keyCode };
  const text = key.text === undefined ? {} : { text: key.text };
  // Editing commands are not derived from keys here, as they are by the keyboard of a person.
  const commands = held === 2 && key.key.toLowerCase() === 'a' ? { commands: ['selectAll'] } : {};
  await page.send('Input.dispatchKeyEvent', {
    type: key.text === undefined ? 'rawKeyDown' : 'keyDown',
    ...event,
    ...text,
    ...commands,
  });
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
}

const historyAnswer = z.object({ currentIndex: z.number(), entries: z.array(z.object({ id: z.number() })) });

async function travel(page: Page, by: number): Promise<void> {
  const { currentIndex, entries } = historyAnswer.parse(await page.send('Page.getNavigationHistory'));
  const entry = entries[currentIndex + by];
  if (entry !== undefined) await page.send('Page.navigateToHistoryEntry', { entryId: entry.id });
}

// By the setter of the element's class, as frameworks put one of their own in front of it.
const fillScript = `function (value) {
  this.focus();
  if (this instanceof HTMLInputElement || this instanceof HTMLTextAreaElement) {
    const kind = this instanceof HTMLInputElement ? HTMLInputElement : HTMLTextAreaElement;
    Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(this, value);
  } else if (this.isContentEditable) {
    this.textContent = value;
  } else {
    throw new Error('Element is not an <input>, <textarea> or [contenteditable] element');
  }
  this.dispatchEvent(new Event('input', { bubbles: true }));
  this.dispatchEvent(new Event('change', { bubbles: true }));
}`;

const selectScript = `function (wanted) {
  if (!(this instanceof HTMLSelectElement)) throw new Error('Element is not a <select> element');
  const fitting = [...this.options].filter((option) => wanted.includes(option.value) || wanted.includes(option.label));
  if (fitting.length === 0) throw new Error('The element has no such option: ' + wanted.join(', '));
  for (const option of this.options) option.selected = fitting.includes(option) && (this.multiple || option === fitting[0]);
  this.dispatchEvent(new Event('input', { bubbles: true }));
  this.dispatchEvent(new Event('change', { bubbles: true }));
}`;
