// What `import … from 'vscode'` gives in the tests below test/unit/extension: see fakeEditor.ts.
import type * as vscode from 'vscode';
import { FakeInputBox, FakeQuickPick } from './boxes';
import { fakeEditor, type FakeEditor, type ShownMessage } from './fakeEditor';
import { fileSystem } from './fileSystem';
import { changeFolders, FakeChannel, FakeStatusItem, FakeTreeView } from './parts';
import { FakeTerminal } from './terminal';
import { decode, nothing, openIn } from './openDocuments';
import { Disposable, StatusBarAlignment, Uri } from './values';
import { language } from './language';
import { addedTo, createDecorationType } from './contributed';

export * from './values';
export * from './contributed';
export { DataTransfer, DataTransferItem } from './dataTransfer';

export const version = '1.105.0';

/** What a person chose is of the type that the caller offered, which only the caller knows. */
const chosen = (value: unknown): Promise<never> => Promise.resolve(value as never);

/** A message, and what the person says to it. */
async function message(kind: ShownMessage['kind'], text: string, rest: readonly unknown[]): Promise<never> {
  const editor = fakeEditor();
  const answer = editor.showMessage(kind, text, rest);
  await editor.whileBusy(`question ${text}`);
  return chosen(answer);
}

/** An event of the editor of the test that runs when somebody subscribes. */
function eventOf<T>(of: (editor: FakeEditor) => vscode.Event<T>): vscode.Event<T> {
  return (...subscription) => of(fakeEditor())(...subscription);
}

export const window: Pick<
  typeof vscode.window,
  | 'showInformationMessage'
  | 'showWarningMessage'
  | 'showErrorMessage'
  | 'showQuickPick'
  | 'showInputBox'
  | 'showSaveDialog'
  | 'showOpenDialog'
  | 'showTextDocument'
  | 'activeTextEditor'
  | 'createInputBox'
  | 'createQuickPick'
  | 'withProgress'
  | 'createStatusBarItem'
  | 'setStatusBarMessage'
  | 'createOutputChannel'
  | 'createTerminal'
  | 'registerTerminalProfileProvider'
  | 'createTreeView'
  | 'registerUriHandler'
  | 'registerFileDecorationProvider'
  | 'state'
  | 'onDidChangeWindowState'
  | 'visibleTextEditors'
  | 'tabGroups'
  | 'createTextEditorDecorationType'
  | 'onDidChangeVisibleTextEditors'
  | 'onDidChangeTextEditorVisibleRanges'
> = {
  showInformationMessage: (text: string, ...rest: unknown[]) => message('information', text, rest),
  showWarningMessage: (text: string, ...rest: unknown[]) => message('warning', text, rest),
  showErrorMessage: (text: string, ...rest: unknown[]) => message('error', text, rest),
  showQuickPick: async (
    items: readonly (string | vscode.QuickPickItem)[] | Thenable<readonly (string | vscode.QuickPickItem)[]>,
    options?: vscode.QuickPickOptions,
  ) => {
    const editor = fakeEditor();
    const picked = editor.pick(await items, options);
    await editor.whileBusy(`question ${options?.placeHolder ?? ''}`);
    return chosen(picked);
  },
  showOpenDialog: () => Promise.resolve(fakeEditor().openDialog),
  showSaveDialog: () => Promise.resolve(fakeEditor().saveTo),
  showTextDocument: (shown: unknown, options?: vscode.ViewColumn | vscode.TextDocumentShowOptions): Promise<never> => {
    fakeEditor().documents.push(shown as vscode.TextDocument);
    const open = openIn(fakeEditor());
    open.shownAt = typeof options === 'object' ? options.selection : undefined;
    const revealRange = (range: vscode.Range): void => void (open.shownAt = range);
    return Promise.resolve({ document: shown, revealRange } as never);
  },
  activeTextEditor: undefined,
  showInputBox: (options) => fakeEditor().input(options),
  createInputBox: () => {
    const editor = fakeEditor();
    const box = new FakeInputBox((question) => editor.findAnswer(question));
    editor.boxes.push(box);
    return box;
  },
  createQuickPick: <T extends vscode.QuickPickItem>() => {
    const editor = fakeEditor();
    const box = new FakeQuickPick<T>(
      (question) => editor.findAnswer(question),
      (error) => editor.fail(error),
    );
    editor.boxes.push(box);
    return box;
  },
  withProgress: (options, task) => fakeEditor().runWithProgress(options, task),
  createStatusBarItem: (
    id?: string | vscode.StatusBarAlignment,
    alignment: vscode.StatusBarAlignment = StatusBarAlignment.Left,
    priority?: number,
  ) => {
    const item = new FakeStatusItem(String(id), alignment, priority);
    fakeEditor().statusItems.push(item);
    return item;
  },
  setStatusBarMessage: (text: string) => (fakeEditor().statusMessages.push(text), nothing),
  createOutputChannel: (name: string) => {
    const channel = new FakeChannel(name);
    fakeEditor().channels.push(channel);
    return channel;
  },
  createTerminal: (options?: string | vscode.TerminalOptions | vscode.ExtensionTerminalOptions) => {
    if (typeof options !== 'object' || !('pty' in options)) throw new Error('Only terminals of extensions are faked.');
    const terminal = new FakeTerminal(options);
    fakeEditor().terminals.push(terminal);
    return terminal;
  },
  registerTerminalProfileProvider: (id, provider) => {
    fakeEditor().terminalProfiles.set(id, provider);
    return nothing;
  },
  createTreeView: (id, { treeDataProvider, dragAndDropController }) => {
    const view = new FakeTreeView(treeDataProvider, dragAndDropController);
    fakeEditor().views.set(id, view);
    // The editor has such a command for each view.
    fakeEditor().commands.set(`${id}.focus`, () => view.setVisible(true));
    return view;
  },
  registerUriHandler: (handler) => ((fakeEditor().uriHandler = handler), nothing),
  registerFileDecorationProvider: (provider) => {
    addedTo(fakeEditor()).decorations.push(provider);
    return nothing;
  },
  get state() {
    const { isFocused } = fakeEditor();
    return { focused: isFocused, active: isFocused };
  },
  onDidChangeWindowState: eventOf(({ windowState }) => windowState.event),
  get tabGroups() {
    const editor = fakeEditor();
    const close = (closed: object[]) => (editor.tabs = editor.tabs.filter((tab) => !closed.includes(tab)));
    return { all: [{ tabs: editor.tabs }], close, onDidChangeTabs: () => ({ dispose: () => undefined }) } as never;
  },
  get visibleTextEditors() {
    return fakeEditor().visibleTextEditors;
  },
  createTextEditorDecorationType: (options) => createDecorationType(fakeEditor(), options),
  onDidChangeVisibleTextEditors: eventOf(({ visibleEditorsChanged }) => visibleEditorsChanged.event),
  onDidChangeTextEditorVisibleRanges: eventOf((editor) => openIn(editor).scrolled.event),
};

export const workspace: Pick<
  typeof vscode.workspace,
  | 'getConfiguration'
  | 'onDidChangeConfiguration'
  | 'workspaceFolders'
  | 'updateWorkspaceFolders'
  | 'isTrusted'
  | 'textDocuments'
  | 'onDidOpenTextDocument'
  | 'onDidCloseTextDocument'
  | 'onDidChangeTextDocument'
  | 'registerTextDocumentContentProvider'
  | 'decode'
  | 'openTextDocument'
  | 'registerFileSystemProvider'
  | 'asRelativePath'
> & { readonly fs: typeof fileSystem } = {
  getConfiguration: (section) => {
    const { settings } = fakeEditor();
    const whole = (name: string): string => (section === undefined ? name : `${section}.${name}`);
    return {
      ...(section === undefined ? {} : settings.below(section)),
      get: (name: string, fallback?: unknown): never => (settings.get(whole(name)) ?? fallback) as never,
      has: (name) => settings.has(whole(name)),
      inspect: (name: string): never => ({ key: whole(name), ...settings.inspect(whole(name)) }) as never,
      update: (name: string, value: unknown) => {
        settings.set(whole(name), value);
        return Promise.resolve();
      },
    };
  },
  onDidChangeConfiguration: eventOf(({ settings }) => settings.onDidChange),
  get workspaceFolders() {
    return fakeEditor().workspaceFolders;
  },
  updateWorkspaceFolders: (start, count, ...added) => changeFolders(fakeEditor(), { start, count: count ?? 0, added }),
  get isTrusted() {
    return fakeEditor().isTrusted;
  },
  get textDocuments() {
    return openIn(fakeEditor()).documents;
  },
  onDidOpenTextDocument: eventOf((editor) => openIn(editor).opened.event),
  onDidCloseTextDocument: eventOf((editor) => openIn(editor).closed.event),
  onDidChangeTextDocument: eventOf((editor) => openIn(editor).changed.event),
  registerTextDocumentContentProvider: (scheme, provider) => {
    fakeEditor().contentProviders.set(scheme, provider);
    return nothing;
  },
  decode,
  openTextDocument: async (uri?: unknown): Promise<never> => {
    if (!(uri instanceof Uri)) throw new Error('Only documents with an address are faked.');
    const editor = fakeEditor();
    await editor.whileBusy(`document ${uri.scheme}`);
    const by = editor.contentProviders.get(uri.scheme);
    return { uri, getText: () => by?.provideTextDocumentContent(uri, undefined as never) } as never;
  },
  registerFileSystemProvider: (scheme, provider) => {
    fakeEditor().fileSystems.set(scheme, provider);
    return nothing;
  },
  asRelativePath: (place) => (typeof place === 'string' ? place : place.path).split('/').at(-1) ?? '',
  fs: fileSystem,
};

export const commands: Pick<typeof vscode.commands, 'registerCommand' | 'executeCommand'> = {
  registerCommand: (id, run) => {
    const { commands: known } = fakeEditor();
    if (known.has(id)) throw new Error(`command '${id}' already exists`);
    known.set(id, (...args) => Reflect.apply(run, undefined, args) as unknown);
    return new Disposable(() => known.delete(id));
  },
  executeCommand: async (id: string, ...args: readonly unknown[]) => {
    const editor = fakeEditor();
    if (id === 'setContext') {
      editor.contexts.set(String(args[0]), args[1]);
      await editor.whileContextIsSet(String(args[0]));
      await editor.whileBusy(`context ${String(args[0])}`);
      return chosen(undefined);
    }
    return chosen(await editor.run(id, ...args));
  },
};

export const env: Pick<
  typeof vscode.env,
  | 'clipboard'
  | 'openExternal'
  | 'asExternalUri'
  | 'remoteName'
  | 'uiKind'
  | 'uriScheme'
  | 'language'
  | 'appName'
  | 'appRoot'
> = {
  clipboard: {
    readText: () => Promise.resolve(fakeEditor().clipboard),
    writeText: (text) => {
      fakeEditor().clipboard = text;
      return Promise.resolve();
    },
  },
  openExternal: (uri) => {
    fakeEditor().opened.push(uri.toString(true));
    return Promise.resolve(true);
  },
  asExternalUri: (uri) => Promise.resolve(fakeEditor().externalUri(uri)),
  get remoteName() {
    return fakeEditor().remoteName;
  },
  uriScheme: 'vscode',
  get uiKind() {
    return fakeEditor().uiKind;
  },
  get language() {
    return Object.keys(language.bundle).length === 0 ? 'en' : 'zh-cn';
  },
  appName: 'Fake Editor',
  appRoot: '/nowhere',
};

type Values = readonly (string | number | boolean)[] | Readonly<Record<string, unknown>>;

function filled(message: string, values: Values): string {
  const named = new Map(Object.entries(values));
  const told = language.bundle[message] ?? message;
  return told.replace(/\{(\w+)\}/g, (whole, name: string) => (named.has(name) ? String(named.get(name)) : whole));
}

export const l10n: Pick<typeof vscode.l10n, 't'> = {
  t: (
    message: string | { readonly message: string; readonly args?: Values },
    ...args: readonly (string | number | boolean | Readonly<Record<string, unknown>>)[]
  ) => {
    if (typeof message !== 'string') return filled(message.message, message.args ?? []);
    const [first] = args;
    return filled(message, typeof first === 'object' ? first : args.filter((value) => typeof value !== 'object'));
  },
};
