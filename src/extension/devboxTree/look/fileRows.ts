import { FileChangeType, FileType, l10n, ThemeColor, ThemeIcon, type FileChangeEvent, type Uri } from 'vscode';
import type { Disposable } from '../../../core/events';
import { failureText } from '../../messages/showFailure';
import type { DetailRow, FileBranch, FileRow, FilesRow, Row } from '../rows';
import type { TreeFileSystem } from '../treeServices';

/** The most entries of a folder that are shown: the editor makes all rows of a folder at once. */
const mostShown = 2_000;
/** Rows that are known again when their folder is drawn again. */
const mostKept = 20_000;

/** The rows of files, folders first, by name. The same file is always the same row. */
export class FileRows implements Disposable {
  readonly #fileSystem: TreeFileSystem;
  readonly #redraw: (rows: Row[]) => void;
  readonly #roots = new Map<string, { readonly row: FilesRow; uri: Uri | undefined }>();
  readonly #rows = new Map<string, FileRow>();
  readonly #subscription: Disposable;

  /** @param redraw draws rows again */
  constructor(fileSystem: TreeFileSystem, redraw: (rows: Row[]) => void) {
    this.#fileSystem = fileSystem;
    this.#redraw = redraw;
    this.#subscription = fileSystem.onDidChangeFile((changes) => {
      const rows = new Set(changes.flatMap((change) => this.#shownWith(change)));
      if (rows.size > 0) redraw([...rows]);
    });
  }

  /**
   * "Files" of a devbox.
   *
   * @param workspace where its metadata say that its workspace is
   */
  of(devboxId: string, workspace: string | undefined): FilesRow {
    const { row, uri } = this.#root(devboxId);
    row.folder = uri?.path ?? (workspace?.startsWith('/') === true ? workspace : '~');
    return row;
  }

  /** What is in a folder; a line that says why where that cannot be told. */
  async below(row: FilesRow | FileRow): Promise<Row[]> {
    if (row.kind === 'file' && !row.isFolder) return [];
    const { devboxId } = row;
    try {
      if (row.kind === 'file') return await this.#entries(devboxId, row.uri, row.branch);
      const root = this.#root(devboxId);
      root.uri ??= await this.#fileSystem.rootOf(devboxId);
      // Its workspace is not where the metadata say.
      if (row.folder !== '~' && row.folder !== root.uri.path) {
        row.folder = root.uri.path;
        this.#redraw([row]);
      }
      const rows = await this.#entries(devboxId, root.uri, 'workspace');
      if (root.uri.path === '/') return rows;
      return [
        ...rows,
        this.#row(devboxId, { uri: root.uri.with({ path: '/' }), branch: 'root', name: '/' }, FileType.Directory),
      ];
    } catch (error) {
      const icon = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
      const label = l10n.t('This folder could not be listed');
      return [note(row, { label, description: failureText(error), icon })];
    }
  }

  /** Forgets all, for another account. */
  clear(): void {
    this.#roots.clear();
    this.#rows.clear();
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #entries(devboxId: string, folder: Uri, branch: FileBranch): Promise<Row[]> {
    const entries = await this.#fileSystem.list(folder);
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    const rows = entries
      .map(([name, type]) => this.#row(devboxId, { uri: below(folder, name), branch, name }, type))
      .sort((one, other) => Number(other.isFolder) - Number(one.isFolder) || compare(one.name, other.name));
    if (rows.length <= mostShown) return rows;
    const label = l10n.t('{0} more', (rows.length - mostShown).toLocaleString());
    const description = l10n.t('use "Open Folder Here…" to see all');
    return [
      ...rows.slice(0, mostShown),
      note({ devboxId, uri: folder, branch }, { label, description, icon: new ThemeIcon('ellipsis') }),
    ];
  }

  #row(devboxId: string, place: Pick<FileRow, 'uri' | 'branch' | 'name'>, type: FileType): FileRow {
    const key = keyOf(place.branch, place.uri);
    const isFolder = (type & FileType.Directory) !== 0;
    const isLink = (type & FileType.SymbolicLink) !== 0;
    const known = this.#rows.get(key);
    const isSpecial = (type & (FileType.File | FileType.Directory)) === 0;
    if (known?.isFolder === isFolder && known.isLink === isLink && known.isSpecial === isSpecial) return known;
    const row: FileRow = { kind: 'file', devboxId, ...place, isFolder, isLink, isSpecial };
    this.#rows.set(key, row);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > mostKept && oldest !== undefined) this.#rows.delete(oldest);
    return row;
  }

  #root(devboxId: string): { readonly row: FilesRow; uri: Uri | undefined } {
    let root = this.#roots.get(devboxId);
    if (root === undefined) {
      this.#roots.set(devboxId, (root = { row: { kind: 'files', devboxId, folder: '~' }, uri: undefined }));
    }
    return root;
  }

  /** The row that a row is below; undefined where that is not known any more. */
  parentOf({ devboxId, uri, branch }: FileRow): FilesRow | FileRow | undefined {
    const root = this.#root(devboxId);
    if (branch === 'root' && uri.path === '/') return root.row;
    const above = folderOf(uri);
    if (branch === 'workspace' && above.toString() === root.uri?.toString()) return root.row;
    return this.#rows.get(keyOf(branch, above));
  }

  /** The row that a command was called on, where it is one of these. */
  known(row: unknown): FilesRow | FileRow | undefined {
    const roots = [...this.#roots.values()].map((root) => root.row);
    return [...roots, ...this.#rows.values()].find((one) => one === row);
  }

  /** The folders that some rows show. */
  foldersOf(rows: readonly (FilesRow | FileRow)[]): Uri[] {
    const uris = rows.map((row) => (row.kind === 'file' ? row.uri : this.#root(row.devboxId).uri));
    return uris.filter((uri) => uri !== undefined);
  }

  /** The rows that show a file: its own where it is a folder, and that of the folder it is in where it came or went. */
  #shownWith({ uri, type }: FileChangeEvent): Row[] {
    const shown = type === FileChangeType.Changed ? [uri] : [uri, folderOf(uri)];
    return shown.flatMap((one): Row[] => {
      const rows = (['workspace', 'root'] as const).map((branch) => this.#rows.get(keyOf(branch, one)));
      const root = [...this.#roots.values()].find((candidate) => candidate.uri?.toString() === one.toString())?.row;
      return [...rows.filter((row) => row?.isFolder === true), root].filter((row) => row !== undefined);
    });
  }
}

function folderOf(uri: Uri): Uri {
  return uri.with({ path: uri.path.slice(0, uri.path.lastIndexOf('/')) || '/' });
}

function keyOf(branch: FileBranch, uri: Uri): string {
  return `${branch} ${uri.toString()}`;
}

function below(folder: Uri, name: string): Uri {
  return folder.with({ path: `${folder.path.replace(/\/$/, '')}/${name}` });
}

/** A line in a folder; with a key of its own, as the editor takes no two rows of one id. */
function note(
  within: { readonly devboxId: string; readonly uri?: Uri; readonly branch?: FileBranch },
  detail: Omit<DetailRow['detail'], 'key'>,
): DetailRow {
  const { devboxId, uri, branch = 'workspace' } = within;
  return { kind: 'detail', devboxId, detail: { ...detail, key: `note ${branch}${uri?.path ?? ''}` } };
}
