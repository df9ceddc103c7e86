/*
 * A window on one agent in a devbox, as a process of its own, over the code that the editor's windows use. The campaign `consent`
 * tells it by lines what a person presses in it, cuts its way and kills it. It prints what it shows and what became of each press.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathsIn, ruleOf, type ConsentRule } from '../../../src/core/agents/consent';
import { SessionsWatch } from '../../../src/core/agents/sessionsWatch';
import { AgentSpool } from '../../../src/core/agents/spool';
import { ExecutionCommands } from '../../../src/core/channel/executionCommands';
import { RuntimeError } from '../../../src/core/errors';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { LiveAgent } from '../../../src/extension/agents/liveAgent';
import type { Order, Press, Said, Shown } from './windowWords';

/** Milliseconds between two looks. */
const lookMs = 60;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const order = JSON.parse(String((await lines.next()).value)) as Order;
const report = (line: Said): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const { signal } = new AbortController();
const { devboxId, folder, cwd, who } = order;
const commands = new ExecutionCommands(new RunloopApi(order.account), devboxId);
const sealKey = Buffer.from(order.sealKey, 'base64');
const rules: ConsentRule[] = [...order.rules];
const watch = new SessionsWatch({
  commands,
  requireRunning: () => Promise.resolve(),
  onChange: () => undefined,
  onStopped: () => undefined,
  // Where it cannot be followed there is no short way, and nobody is told anything.
  onFailure: () => undefined,
  signal,
});
watch.want(order.isShort);
const found = { name: folder, isSealed: true, agent: 'example', agentName: 'Example', cwd, startedMs: 0 };
const live = new LiveAgent(
  { ...found, life: 'running' },
  {
    ...{ devboxId, commands, folder, sealKey, who, signal },
    rules: () => rules,
    shortcut: async (words, frame) => {
      const told = await watch.tell(words, frame);
      if (told?.said === 'written') report({ short: true });
      return told;
    },
    beforeTurn: () => Promise.resolve(),
    onChange: () => undefined,
    onFailure: (error) => report({ broken: wordOf(error) }),
  },
);

function wordOf(error: unknown): string {
  return RuntimeError.is(error) ? `${error.code} ${error.problem.id}` : String(error);
}

/** What a person would see. */
function shown(): Shown {
  const waiting = live.waiting.map(({ id, input, diffs }) => ({
    id,
    text: input?.kind === 'command' ? String(input.command) : (diffs[0]?.path ?? ''),
  }));
  return { state: live.state, waiting };
}

let last = '';
async function follow(): Promise<never> {
  for (;;) {
    try {
      await live.look();
      const now = shown();
      if (JSON.stringify(now) !== last) report({ shown: now });
      last = JSON.stringify(now);
    } catch (error) {
      // The way was cut, or the devbox does not run for a while: who drives this knows.
      report({ broken: wordOf(error) });
    }
    await sleep(lookMs);
  }
}

async function press({ id, means, isAlways }: Press): Promise<string | undefined> {
  const request = live.request(id);
  const choice = request?.choices.find((one) => one.means === means);
  if (request === undefined || choice === undefined) throw new Error(`Nothing to press: ${id} ${means}`);
  const first = await live.answer(request, choice);
  const { origin } = live;
  if (first !== undefined || !isAlways || origin === undefined) return first;
  const rule = await ruleOf(request, origin, { resolve: pathsIn(commands), signal });
  if (rule !== undefined) {
    rules.push(rule);
    report({ rule });
    await live.considerAgain();
  }
  return first;
}

async function interrupt(): Promise<undefined> {
  await live.interrupt();
}

async function obey(number: number, act: () => Promise<string | undefined>): Promise<void> {
  try {
    report({ done: number, first: await act() });
  } catch (error) {
    report({ done: number, failed: wordOf(error) });
  }
}

if (order.start !== undefined) {
  const spool = new AgentSpool({ devboxId, commands, folder, sealKey });
  await spool.start({ command: order.start.command, cwd, mark: '', signal });
}
void follow();
if (order.start !== undefined) {
  await live.begin(order.start.prompt, {});
  await live.look();
  report({ shown: shown() });
}
report({ begun: true });
for await (const line of lines) {
  const told = JSON.parse(line) as { readonly number: number; readonly press?: Press };
  const { number, press: pressed } = told;
  void obey(number, pressed === undefined ? interrupt : () => press(pressed));
}
