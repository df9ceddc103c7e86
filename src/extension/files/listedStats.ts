import type { FileStat, FolderEntry } from '../../core/files/fileFacts';

/** Names of which what a list told is remembered. */
const most = 20_000;

/** What a folder was listed as. */
export interface List {
  readonly entries: readonly FolderEntry[];
  /** The address of a name. */
  readonly keyOf: (name: string) => string;
  /** When it was asked for, and when it came. */
  readonly begunMs: number;
  readonly atMs: number;
}

interface Listed extends List {
  /** What nobody has asked about yet, by address; made when somebody asks about the first. */
  byKey?: Map<string, FolderEntry>;
}

/** What lists told of files until somebody asks about one: of thousands, taking in each takes as long as the devbox needs to list them. */
export class ListedStats {
  /** By the address of the folder, without a slash at its end. */
  readonly #lists = new Map<string, Listed>();

  /** A list that was asked for before the one that is known is left out. */
  add(folder: string, list: List): void {
    const key = folder.replace(/\/$/, '');
    const last = this.#lists.get(key);
    if (last !== undefined && last.begunMs > list.begunMs) return;
    this.#lists.delete(key);
    this.#lists.set(key, list);
    let count = 0;
    for (const { entries } of this.#lists.values()) count += entries.length;
    for (const [oldest, { entries }] of this.#lists) {
      if (count <= most || oldest === key) break;
      count -= entries.length;
      this.#lists.delete(oldest);
    }
  }

  /** What a list told of a file, once. */
  take(key: string): (Pick<List, 'begunMs' | 'atMs'> & { readonly stat: FileStat }) | undefined {
    const list = this.#lists.get(key.slice(0, key.lastIndexOf('/')));
    if (list === undefined) return undefined;
    list.byKey ??= new Map(
      list.entries.filter(({ type }) => type !== 'missing').map((entry) => [list.keyOf(entry.name), entry]),
    );
    const entry = list.byKey.get(key);
    list.byKey.delete(key);
    return entry === undefined ? undefined : { begunMs: list.begunMs, atMs: list.atMs, stat: entry.stat() };
  }

  /** Forgets a file, and all below it. */
  forget(key: string): void {
    this.take(key);
    for (const folder of [...this.#lists.keys()]) {
      if (folder === key || folder.startsWith(`${key}/`)) this.#lists.delete(folder);
    }
  }
}
