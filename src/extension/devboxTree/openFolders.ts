import type { TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Log } from '../messages/log';
import type { FileRows } from './look/fileRows';
import type { FileRow, FilesRow, Row } from './rows';
import type { TreeFileSystem } from './treeServices';

interface OpenFoldersContext {
  readonly fileSystem: TreeFileSystem;
  /** Once there are rows of files. */
  readonly files: () => FileRows | undefined;
  /** Of devboxes and what is above them. */
  readonly parentOf: (row: Row) => Row | undefined;
  /** Devboxes whose branch is open. */
  readonly showBranches: (devboxIds: readonly string[]) => void;
  readonly log: Log;
}

/** Which folders of devboxes somebody can see: open, with all above them, in a view that is on screen. */
export class OpenFolders implements Disposable {
  readonly #context: OpenFoldersContext;
  readonly #view: TreeView<Row>;
  readonly #subscriptions: readonly Disposable[];
  /** Rows that were opened, and those that begin open and were closed. */
  readonly #opened = new Set<Row>();
  readonly #closed = new Set<Row>();
  #told = '';

  constructor(context: OpenFoldersContext, view: TreeView<Row>) {
    this.#context = context;
    this.#view = view;
    this.#subscriptions = [
      view.onDidExpandElement(({ element }) => {
        this.#closed.delete(element);
        this.asked(element);
      }),
      view.onDidCollapseElement(({ element }) => {
        this.#opened.delete(element);
        this.#closed.add(element);
        this.again();
      }),
      view.onDidChangeVisibility(() => this.again()),
    ];
  }

  /** What is below a row was asked for: it is open, as one is that was so before the window was reloaded. */
  asked(row: Row): void {
    this.#opened.add(row);
    this.again();
  }

  /** Opens the row of a folder that something was made in. */
  async open(row: unknown): Promise<void> {
    const folder = this.#context.files()?.known(row);
    if (folder === undefined || this.#opened.has(folder)) return;
    await this.#view.reveal(folder, { expand: true, select: false, focus: false });
  }

  /** Tells what is open now, where that is news. */
  again(): void {
    const files = this.#context.files();
    this.#tellBranches(files);
    if (files === undefined) return;
    const rows = this.#view.visible ? [...this.#opened].filter((row) => isFolder(row)) : [];
    const folders = files.foldersOf(rows.filter((row) => this.#isSeen(row, files)));
    const told = folders.map((uri) => uri.toString()).join('\n');
    if (told === this.#told) return;
    this.#told = told;
    const { fileSystem, log } = this.#context;
    fileSystem.showFolders(folders).catch((error: unknown) => log.failure('Watching folders of devboxes', error));
  }

  /** Forgets all, for another account. */
  clear(): void {
    this.#opened.clear();
    this.#closed.clear();
    this.again();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #tellBranches(files: FileRows | undefined): void {
    const rows = this.#view.visible ? [...this.#opened].filter((row) => row.kind === 'branch' && row.isTop) : [];
    this.#context.showBranches(
      rows.filter((row) => this.#isSeen(row, files)).flatMap((row) => ('devboxId' in row ? [row.devboxId] : [])),
    );
  }

  #isSeen(row: Row, files: FileRows | undefined): boolean {
    const beginsOpen = row.kind === 'group' || row.kind === 'page';
    if (beginsOpen ? this.#closed.has(row) : !this.#opened.has(row)) return false;
    const isTop = row.kind === 'group';
    const above = row.kind === 'file' ? files?.parentOf(row) : this.#context.parentOf(row);
    return isTop || (above !== undefined && this.#isSeen(above, files));
  }
}

function isFolder(row: Row): row is FilesRow | FileRow {
  return row.kind === 'files' || row.kind === 'file';
}
