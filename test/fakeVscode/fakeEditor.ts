/*
 * An editor for tests of src/extension in Node, without a VS Code. esbuild gives the tests below test/unit/extension this
 * folder's vscode.ts wherever they, and the extension's own code, import 'vscode'. All is checked against the real types. A test of a window against a local platform, signed in:
 *   const used = useWindow();                           // useWindow.ts; or useFakeEditor() alone, and build what you need
 *   it('…', async () => {
 *     const { editor, api } = used;
 *     editor.answer(/Shut down the devbox/, 'Shut Down');  // what the person will say, by what the question reads
 *     await editor.run('runloop.shutDownDevbox', id);      // fails as the command does
 *     await editor.message(/was shut down/);                // waits for a message
 *   });
 *
 * A question that nobody answers counts as Escape, and the test fails at its end, as it does with answers that nobody asked
 * for. What else can be seen: `messages`, `progress`, `channels`, `statusItems`, `views`, `contexts`, `opened`, `clipboard`,
 * `offered` (by the last pick); what can be done: `settings.set`, `box` (of an input or a pick that stays open), `focus`,
 * `dispatch` of views and settings.
 *
 * To fake more of the editor, add the name to the `Pick` of vscode.ts, and write what the compiler then asks for. Keep it
 * dull: what needs a real text editor, tabs or terminals is better tested in test/host and test/ui.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach } from 'mocha';
import type * as vscode from 'vscode';
import { eventually } from '../eventually';
import { type FakeInputBox, type FakeQuickPick, isChosen, isItem, labels, type Choice } from './boxes';
import { FakeMemory, FakeSecrets, type WhileBusy } from './memory';
import type { FakeChannel, FakeStatusItem, FakeTreeView } from './parts';
import { FakeSettings } from './settings';
import type { FakeTerminal } from './terminal';
import { EventEmitter, ProgressLocation, QuickPickItemKind, UIKind } from './values';

export interface ShownMessage {
  readonly kind: 'information' | 'warning' | 'error';
  readonly text: string;
  readonly detail: string;
  readonly isModal: boolean;
  readonly buttons: readonly string[];
}

export interface ShownProgress {
  readonly title: string;
  readonly location: keyof typeof vscode.ProgressLocation;
  readonly messages: readonly string[];
  readonly isCancellable: boolean;
  readonly isOver: boolean;
  cancel(): void;
}

export class FakeEditor {
  readonly messages: ShownMessage[] = [];
  readonly progress: ShownProgress[] = [];
  readonly channels: FakeChannel[] = [];
  readonly statusItems: FakeStatusItem[] = [];
  readonly boxes: (FakeInputBox | FakeQuickPick<vscode.QuickPickItem>)[] = [];
  /** What inputs were asked for with: their checks can be called. */
  readonly inputs: vscode.InputBoxOptions[] = [];
  readonly terminals: FakeTerminal[] = [];
  readonly terminalProfiles = new Map<string, vscode.TerminalProfileProvider>();
  readonly views = new Map<string, FakeTreeView>();
  readonly fileSystems = new Map<string, vscode.FileSystemProvider>();
  readonly contexts = new Map<string, unknown>();
  readonly commands = new Map<string, (...args: unknown[]) => unknown>();
  /** Addresses that the browser was given, and those that commands of the editor itself were. */
  readonly opened: string[] = [];
  offered: readonly (string | vscode.QuickPickItem)[] = [];
  readonly statusMessages: string[] = [];
  readonly settings = new FakeSettings();
  /** What happens while the editor asks a person, reads or keeps something, or takes in a context key. */
  whileBusy: WhileBusy = () => Promise.resolve();
  readonly secrets = new FakeSecrets((what) => this.whileBusy(what));
  readonly globalState = new FakeMemory((what) => this.whileBusy(what));
  readonly workspaceState = new FakeMemory((what) => this.whileBusy(what));
  /** Read-only documents that were shown, as an editor draws them when it is asked. */
  readonly documents: vscode.TextDocument[] = [];
  readonly codeLenses = new Map<string, vscode.CodeLensProvider & Partial<vscode.DocumentLinkProvider>>();
  readonly contentProviders = new Map<string, vscode.TextDocumentContentProvider>();
  readonly windowState = new EventEmitter<vscode.WindowState>();
  readonly visibleEditorsChanged = new EventEmitter<readonly vscode.TextEditor[]>();
  readonly extensions = new Map<string, unknown>();
  /** What happens while the editor takes in a context key, which it does elsewhere. */
  whileContextIsSet: (name: string) => Promise<void> = () => Promise.resolve();
  saveTo: vscode.Uri | undefined;
  openDialog: vscode.Uri[] | undefined;
  uriHandler: vscode.UriHandler | undefined;
  visibleTextEditors: readonly vscode.TextEditor[] = [];
  tabs: readonly { readonly input: unknown; readonly isPreview?: boolean }[] = [];
  workspaceFolders: readonly vscode.WorkspaceFolder[] | undefined;
  isTrusted = true;
  isFocused = true;
  clipboard = '';
  remoteName: string | undefined;
  uiKind: vscode.UIKind = UIKind.Desktop;
  /** How a browser elsewhere reaches an address of this machine. */
  externalUri: (uri: vscode.Uri) => vscode.Uri = (uri) => uri;
  readonly #answers: { readonly question: RegExp; readonly choice: Choice }[] = [];
  readonly #cancels: RegExp[] = [];
  readonly #failures: string[] = [];

  /** Says what the person answers to the next question that reads like this. undefined: Escape. */
  answer(question: RegExp, choice: Choice): void {
    this.#answers.push({ question, choice });
  }

  /** Says that the person will cancel the next progress of a title that reads like this, as soon as it shows. */
  cancel(title: RegExp): void {
    this.#cancels.push(title);
  }

  /** Runs a command as a click would. @throws what it throws, and where there is no such command */
  async run(command: string, ...args: readonly unknown[]): Promise<unknown> {
    const known = this.commands.get(command);
    if (known === undefined) throw new Error(`command '${command}' not found`);
    return await known(...args);
  }

  /** Waits for a message that reads like this. */
  async message(text: RegExp): Promise<ShownMessage> {
    return found(() => this.messages.find((message) => text.test(`${message.text}\n${message.detail}`)), this.messages);
  }

  /** Waits for a box of an input or a pick that is open and reads like this. */
  async box(question: RegExp): Promise<FakeInputBox | FakeQuickPick<vscode.QuickPickItem>> {
    return found(() => this.boxes.find((box) => box.isShown && question.test(box.question)), this.boxes);
  }

  /** Waits until something is so that tells nobody of itself. */
  async eventually(isSo: () => boolean): Promise<void> {
    await eventually(
      () => Promise.resolve(isSo()),
      (so) => so,
      20_000,
    );
  }

  /** The text of the output channel whose name reads like this; empty if there is none. */
  output(name: RegExp): string {
    return this.channels.find((channel) => name.test(channel.name))?.text ?? '';
  }

  /** The window comes to the front, or goes. */
  focus(isFocused: boolean): void {
    this.isFocused = isFocused;
    this.windowState.fire({ focused: isFocused, active: isFocused });
  }

  /** Fails if something was asked that nobody answered, or answered that nobody asked. */
  check(): void {
    const unasked = this.#answers.map(({ question }) => `Nobody asked ${String(question)}.`);
    const unseen = this.#cancels.map((title) => `There was no progress ${String(title)}.`);
    assert.deepEqual([...this.#failures, ...unasked, ...unseen], []);
  }

  /** Forgets what `check` would fail with, for a test that has looked at it. */
  forgive(): void {
    this.#answers.length = 0;
    this.#cancels.length = 0;
    this.#failures.length = 0;
  }

  // What follows is for vscode.ts.

  findAnswer(question: string): { readonly choice: Choice } | undefined {
    const index = this.#answers.findIndex((answer) => answer.question.test(question));
    return index < 0 ? undefined : this.#answers.splice(index, 1)[0];
  }

  fail(failure: unknown): void {
    this.#failures.push(failure instanceof Error ? failure.message : String(failure));
  }

  showMessage(
    kind: ShownMessage['kind'],
    text: string,
    rest: readonly unknown[],
  ): string | vscode.MessageItem | undefined {
    const items = rest.filter(isItem);
    const options = rest.find(
      (one): one is vscode.MessageOptions => typeof one === 'object' && one !== null && !isItem(one),
    );
    const buttons = [...rest.filter((one) => typeof one === 'string'), ...items.map(({ title }) => title)];
    const message = { kind, text, detail: options?.detail ?? '', isModal: options?.modal === true, buttons };
    this.messages.push(message);
    const answer = this.findAnswer(`${text}\n${message.detail}`);
    if (answer === undefined) {
      if (message.isModal) this.fail(`Nobody answers: ${text} [${buttons.join(' | ')}]`);
      return undefined;
    }
    // Escape, as the editor has it.
    if (answer.choice === undefined) return items.find(({ isCloseAffordance }) => isCloseAffordance === true);
    const button = buttons.find((one) => isChosen(one, answer.choice));
    if (button === undefined) {
      this.fail(`${text} has no button ${String(answer.choice)}, but ${buttons.join(' | ')}`);
    }
    return items.find(({ title }) => title === button) ?? button;
  }

  pick(
    items: readonly (string | vscode.QuickPickItem)[],
    options: vscode.QuickPickOptions | undefined,
  ): string | vscode.QuickPickItem | readonly (string | vscode.QuickPickItem)[] | undefined {
    const question = [options?.title, options?.placeHolder].filter((text) => text !== undefined).join('\n');
    this.offered = items.filter((item) => typeof item === 'string' || item.kind !== QuickPickItemKind.Separator);
    const answer = this.findAnswer(question);
    if (answer === undefined) this.fail(`Nobody picks: ${question} [${labels(this.offered)}]`);
    if (answer?.choice === undefined) return undefined;
    const picked = this.offered.filter((item) => isChosen(typeof item === 'string' ? item : item.label, answer.choice));
    if (options?.canPickMany === true) return picked;
    if (picked.length === 0) {
      this.fail(`${question} does not offer ${String(answer.choice)}, but ${labels(this.offered)}`);
    }
    return picked[0];
  }

  async input(options: vscode.InputBoxOptions | undefined): Promise<string | undefined> {
    if (options !== undefined) this.inputs.push(options);
    const question = [options?.title, options?.prompt, options?.placeHolder]
      .filter((text) => text !== undefined)
      .join('\n');
    const answer = this.findAnswer(question);
    if (answer === undefined) this.fail(`Nobody types: ${question}`);
    await this.whileBusy(`question ${question}`);
    if (typeof answer?.choice !== 'string') return undefined;
    const complaint = await options?.validateInput?.(answer.choice);
    if (typeof complaint === 'string') {
      this.fail(`${question} refuses ${answer.choice}: ${complaint}`);
      return undefined;
    }
    return answer.choice;
  }

  async runWithProgress<R>(
    { title = '', location, cancellable = false }: vscode.ProgressOptions,
    task: (
      progress: vscode.Progress<{ message?: string; increment?: number }>,
      token: vscode.CancellationToken,
    ) => Thenable<R>,
  ): Promise<R> {
    const cancelled = new EventEmitter<void>();
    const messages: string[] = [];
    const token = { isCancellationRequested: false, onCancellationRequested: cancelled.event };
    const shown = {
      title,
      location: nameOf(location),
      messages,
      isCancellable: cancellable,
      isOver: false,
      cancel: () => {
        token.isCancellationRequested = true;
        cancelled.fire();
      },
    };
    this.progress.push(shown);
    const cancel = this.#cancels.findIndex((one) => one.test(title));
    if (cancel >= 0) {
      this.#cancels.splice(cancel, 1);
      setImmediate(shown.cancel);
    }
    const report = ({ message }: { readonly message?: string }): void => {
      if (message !== undefined) messages.push(message);
    };
    try {
      return await task({ report }, token);
    } finally {
      shown.isOver = true;
    }
  }
}

function nameOf(location: vscode.ProgressOptions['location']): ShownProgress['location'] {
  if (location === ProgressLocation.Window) return 'Window';
  return location === ProgressLocation.Notification ? 'Notification' : 'SourceControl';
}

async function found<T>(look: () => T | undefined, instead: readonly unknown[]): Promise<T> {
  const thing = await eventually(
    () => Promise.resolve(look()),
    (seen) => seen !== undefined,
    20_000,
  ).catch(() => undefined);
  assert.ok(thing !== undefined, `It did not come; there was ${JSON.stringify(instead)}`);
  return thing;
}

const current = { editor: new FakeEditor() };

/** The editor of the test that runs now. */
export function fakeEditor(): FakeEditor {
  return current.editor;
}

/** Gives each test of a `describe` an editor of its own, which is checked at the test's end. */
export function useFakeEditor(): { readonly editor: FakeEditor } {
  beforeEach(() => {
    current.editor = new FakeEditor();
  });
  afterEach(function () {
    // One that has failed has said enough.
    if (this.currentTest?.isFailed() !== true) current.editor.check();
  });
  return current;
}
