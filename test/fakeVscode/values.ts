// The editor's classes that only hold something. What an `implements` or the type of a constant leaves out, the compiler says.
import type * as vscode from 'vscode';
import { URI, Utils } from 'vscode-uri';
import { TreeItemCollapsibleState } from './enums';

export * from './enums';

/** The editor's own code for addresses, under the editor's name. */
export const Uri = Object.assign(URI, { joinPath: Utils.joinPath }) satisfies Pick<
  typeof vscode.Uri,
  'parse' | 'file' | 'from' | 'joinPath'
>;

export class Disposable implements vscode.Disposable {
  readonly #dispose: () => unknown;

  constructor(callOnDispose: () => unknown) {
    this.#dispose = callOnDispose;
  }

  dispose(): void {
    this.#dispose();
  }
}

export class TerminalProfile implements vscode.TerminalProfile {
  options: vscode.TerminalOptions | vscode.ExtensionTerminalOptions;

  constructor(options: vscode.TerminalOptions | vscode.ExtensionTerminalOptions) {
    this.options = options;
  }
}

export class EventEmitter<T> implements vscode.EventEmitter<T> {
  readonly #listeners = new Set<(data: T) => unknown>();

  readonly event: vscode.Event<T> = (listener, thisArgument, disposables) => {
    const call = (data: T): unknown => Reflect.apply(listener, thisArgument, [data]);
    this.#listeners.add(call);
    const subscription = new Disposable(() => this.#listeners.delete(call));
    disposables?.push(subscription);
    return subscription;
  };

  fire(data: T): void {
    for (const listener of [...this.#listeners]) listener(data);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

export class ThemeColor implements vscode.ThemeColor {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}

export class FileDecoration implements vscode.FileDecoration {
  badge?: string;
  tooltip?: string;
  color?: ThemeColor;

  constructor(badge?: string, tooltip?: string, color?: ThemeColor) {
    Object.assign(this, { badge, tooltip, color });
  }
}

export class ThemeIcon implements vscode.ThemeIcon {
  static readonly File = new ThemeIcon('file');
  static readonly Folder = new ThemeIcon('folder');
  readonly id: string;
  readonly color: vscode.ThemeColor | undefined;

  constructor(id: string, color?: vscode.ThemeColor) {
    this.id = id;
    this.color = color;
  }
}

export const QuickInputButtons: Pick<typeof vscode.QuickInputButtons, 'Back'> = {
  Back: { iconPath: new ThemeIcon('arrow-left'), tooltip: 'Back' },
};

export class TreeItem implements vscode.TreeItem {
  label: string | vscode.TreeItemLabel;
  collapsibleState: vscode.TreeItemCollapsibleState;

  constructor(
    label: string | vscode.TreeItemLabel,
    collapsibleState: vscode.TreeItemCollapsibleState = TreeItemCollapsibleState.None,
  ) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export class Position implements Pick<vscode.Position, 'line' | 'character'> {
  readonly line: number;
  readonly character: number;

  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}

export class CodeLens {
  readonly range: Range;
  readonly command: vscode.Command;

  constructor(range: Range, command: vscode.Command) {
    this.range = range;
    this.command = command;
  }
}

/** Only made from numbers, as the extension does it. */
export class Range {
  readonly start: Position;
  readonly end: Position;

  constructor(startLine: number, startCharacter: number, endLine: number, endCharacter: number) {
    this.start = new Position(startLine, startCharacter);
    this.end = new Position(endLine, endCharacter);
  }
}

export class MarkdownString implements vscode.MarkdownString {
  value: string;
  isTrusted = false;
  supportHtml = false;
  supportThemeIcons = false;

  constructor(value = '') {
    this.value = value;
  }

  /** As the editor does it. */
  appendText(text: string): this {
    this.value += text
      .replace(/[\\`*_{}[\]()#+\-!~]/g, '\\$&')
      .replace(/([ \t]+)/g, (_match, run: string) => '&nbsp;'.repeat(run.length))
      .replace(/>/gm, '\\>')
      .replace(/\n/g, '\n\n');
    return this;
  }

  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }

  appendCodeblock(code: string, language = ''): this {
    return this.appendMarkdown(`\n\`\`\`${language}\n${code}\n\`\`\`\n`);
  }
}

export class DocumentLink {
  readonly range: Range;
  readonly target: vscode.Uri | undefined;

  constructor(range: Range, target?: vscode.Uri) {
    this.range = range;
    this.target = target;
  }
}

/** One of the editor's errors about files: of a text, or about an address. */
const errorOf =
  (code: string) =>
  (about?: string | vscode.Uri): FileSystemError =>
    new FileSystemError(typeof about === 'string' ? about : `${code}: ${String(about)}`, code);

export class FileSystemError extends Error implements vscode.FileSystemError {
  static readonly FileNotFound = errorOf('FileNotFound');
  static readonly FileExists = errorOf('FileExists');
  static readonly FileIsADirectory = errorOf('FileIsADirectory');
  static readonly FileNotADirectory = errorOf('FileNotADirectory');
  static readonly NoPermissions = errorOf('NoPermissions');
  static readonly Unavailable = errorOf('Unavailable');
  readonly code: string;

  constructor(message: string, code = 'Unknown') {
    super(message);
    this.code = code;
  }
}

export class TabInputTextDiff implements vscode.TabInputTextDiff {
  readonly original: vscode.Uri;
  readonly modified: vscode.Uri;

  constructor(original: vscode.Uri, modified: vscode.Uri) {
    this.original = original;
    this.modified = modified;
  }
}

export class TabInputText implements vscode.TabInputText {
  readonly uri: vscode.Uri;

  constructor(uri: vscode.Uri) {
    this.uri = uri;
  }
}

/** Changes and selections of documents need a real editor: test/host and test/ui have one. */
function notFaked(name: string): () => never {
  return function () {
    throw new Error(`${name} is not faked.`);
  };
}

export const WorkspaceEdit = notFaked('WorkspaceEdit');
export const Selection = notFaked('Selection');
