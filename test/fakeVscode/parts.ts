// Parts of the window that an extension makes and goes on writing to.
import type * as vscode from 'vscode';
import { DataTransfer } from './dataTransfer';
import { EventEmitter, LogLevel } from './values';

const uncancelled: vscode.CancellationToken = {
  isCancellationRequested: false,
  onCancellationRequested: new EventEmitter<unknown>().event,
};

/** An output channel, with or without levels. */
export class FakeChannel implements vscode.LogOutputChannel {
  readonly name: string;
  readonly logLevel = LogLevel.Trace;
  readonly onDidChangeLogLevel = new EventEmitter<vscode.LogLevel>().event;
  /** All that is in it. */
  text = '';
  isShown = false;
  isDisposed = false;

  constructor(name: string) {
    this.name = name;
  }

  append(value: string): void {
    this.text += value;
  }

  appendLine(value: string): void {
    this.append(`${value}\n`);
  }

  replace(value: string): void {
    this.text = value;
  }

  clear(): void {
    this.text = '';
  }

  show(): void {
    this.isShown = true;
  }

  hide(): void {
    this.isShown = false;
  }

  dispose(): void {
    this.isDisposed = true;
  }

  trace(message: string): void {
    this.appendLine(`[trace] ${message}`);
  }

  debug(message: string): void {
    this.appendLine(`[debug] ${message}`);
  }

  info(message: string): void {
    this.appendLine(`[info] ${message}`);
  }

  warn(message: string): void {
    this.appendLine(`[warning] ${message}`);
  }

  error(error: string | Error): void {
    this.appendLine(`[error] ${String(error)}`);
  }
}

export class FakeStatusItem implements vscode.StatusBarItem {
  readonly id: string;
  readonly alignment: vscode.StatusBarAlignment;
  readonly priority: number | undefined;
  name: string | undefined;
  text = '';
  tooltip: string | vscode.MarkdownString | undefined;
  color: string | vscode.ThemeColor | undefined;
  backgroundColor: vscode.ThemeColor | undefined;
  command: string | vscode.Command | undefined;
  accessibilityInformation: vscode.AccessibilityInformation | undefined;
  isShown = false;

  constructor(id: string, alignment: vscode.StatusBarAlignment, priority: number | undefined) {
    this.id = id;
    this.alignment = alignment;
    this.priority = priority;
  }

  show(): void {
    this.isShown = true;
  }

  hide(): void {
    this.isShown = false;
  }

  dispose(): void {
    this.hide();
  }
}

/** A view of rows. It is not drawn by itself: `rows` asks for what would be. */
export class FakeTreeView<T = unknown> implements vscode.TreeView<T> {
  readonly onDidExpandElement: vscode.Event<vscode.TreeViewExpansionEvent<T>>;
  readonly onDidCollapseElement: vscode.Event<vscode.TreeViewExpansionEvent<T>>;
  readonly #expansion: { fire(isOpen: boolean, element: T): void };
  readonly onDidChangeSelection = new EventEmitter<vscode.TreeViewSelectionChangeEvent<T>>().event;
  readonly onDidChangeCheckboxState = new EventEmitter<vscode.TreeCheckboxChangeEvent<T>>().event;
  readonly #visibility = new EventEmitter<vscode.TreeViewVisibilityChangeEvent>();
  readonly onDidChangeVisibility = this.#visibility.event;
  readonly #provider: vscode.TreeDataProvider<T>;
  selection: readonly T[] = [];
  visible = false;
  message = '';
  title = '';
  description = '';
  badge: vscode.ViewBadge | undefined;

  readonly #drag: vscode.TreeDragAndDropController<T> | undefined;
  /** Rows that the editor was told to draw again, all of them where it is undefined. */
  readonly redrawn: unknown[] = [];

  /** Rows that were brought into sight. */
  readonly revealed: T[] = [];

  constructor(provider: vscode.TreeDataProvider<T>, drag?: vscode.TreeDragAndDropController<T>) {
    this.#provider = provider;
    this.#drag = drag;
    provider.onDidChangeTreeData?.((rows) => this.redrawn.push(...(Array.isArray(rows) ? rows : [rows])));
    const opened = new EventEmitter<vscode.TreeViewExpansionEvent<T>>();
    const closed = new EventEmitter<vscode.TreeViewExpansionEvent<T>>();
    this.onDidExpandElement = opened.event;
    this.onDidCollapseElement = closed.event;
    this.#expansion = { fire: (isOpen, element) => (isOpen ? opened : closed).fire({ element }) };
  }

  /** Opens or closes the view. */
  setVisible(visible: boolean): void {
    this.visible = visible;
    this.#visibility.fire({ visible });
  }

  /** Opens or closes a row. */
  setOpen(element: T, isOpen: boolean): void {
    this.#expansion.fire(isOpen, element);
  }

  /** What is carried when rows are dragged. */
  async drag(...rows: readonly T[]): Promise<DataTransfer> {
    const data = new DataTransfer();
    await this.#drag?.handleDrag?.(rows, data, uncancelled);
    return data;
  }

  /** Drops something on a row. */
  async drop(row: T | undefined, data: vscode.DataTransfer): Promise<void> {
    await this.#drag?.handleDrop?.(row, data, uncancelled);
  }

  /** The rows below a row, or those at the top. */
  async rows(parent?: T): Promise<readonly { readonly row: T; readonly item: vscode.TreeItem }[]> {
    const children = (await this.#provider.getChildren(parent)) ?? [];
    return Promise.all(children.map(async (row) => ({ row, item: await this.#provider.getTreeItem(row) })));
  }

  /** Lets the pointer rest on a row. @returns what is shown beside it then */
  async hover(row: T): Promise<vscode.TreeItem | null | undefined> {
    const item = await this.#provider.getTreeItem(row);
    const token = { isCancellationRequested: false, onCancellationRequested: new EventEmitter<void>().event };
    return this.#provider.resolveTreeItem?.(item, row, token);
  }

  reveal(element: T, { select = true }: { readonly select?: boolean } = {}): Promise<void> {
    this.revealed.push(element);
    if (select) this.selection = [element];
    return Promise.resolve();
  }

  dispose(): void {
    this.visible = false;
  }
}

/** The text of a row; the editor takes one with highlights too. */
export function labelOf({ label }: Pick<vscode.TreeItem, 'label'>): string {
  return typeof label === 'string' ? label : (label?.label ?? '');
}

/** The group of the view that a devbox is in, by its name; nothing is read for it. */
export async function groupOf(view: FakeTreeView, name: string): Promise<string | undefined> {
  for (const { row, item } of await view.rows()) {
    if ((await view.rows(row)).some((below) => labelOf(below.item) === name)) return labelOf(item);
  }
  return undefined;
}

/** Puts folders into the workspace in the place of others. */
export function changeFolders(
  editor: { workspaceFolders: readonly vscode.WorkspaceFolder[] | undefined },
  {
    start,
    count,
    added,
  }: {
    readonly start: number;
    readonly count: number;
    readonly added: readonly { readonly uri: vscode.Uri; readonly name?: string }[];
  },
): boolean {
  const folders: { readonly uri: vscode.Uri; readonly name?: string }[] = [...(editor.workspaceFolders ?? [])];
  folders.splice(start, count, ...added);
  editor.workspaceFolders = folders.map(({ uri, name = uri.path }, index) => ({ uri, name, index }));
  return true;
}
