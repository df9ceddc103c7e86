import { FileChangeType, type FileType, type Uri } from 'vscode';
import { childAddress } from './fileAddress';

/** Milliseconds that a list is true without another look where it was made because of a change: the view lists it then. */
const freshMs = 500;
/** Folders of which the names are remembered. */
const most = 500;

export type Entries = [string, FileType][];

interface KnownFolder {
  readonly folder: Uri;
  readonly entries: Entries;
  readonly freshUntilMs: number;
  /** When the list was asked for. */
  readonly begunMs: number;
  /** The newest version of the folder that the list is known to have. */
  readonly token: string | undefined;
}

/** What was in folders when they were listed last, by address. */
export class KnownFolders {
  readonly #known = new Map<string, KnownFolder>();

  has(folder: Uri): boolean {
    return this.#known.has(folder.toString());
  }

  addresses(): readonly Uri[] {
    return [...this.#known.values()].map(({ folder }) => folder);
  }

  /** What was listed just now because it had changed. */
  fresh(folder: Uri): Entries | undefined {
    const known = this.#known.get(folder.toString());
    return known !== undefined && performance.now() < known.freshUntilMs ? known.entries : undefined;
  }

  /** Whether it was listed since it became what a watching process has told of. A look at the folder itself says nothing of that. */
  hasListed(folder: Uri, token: string): boolean {
    return this.#known.get(folder.toString())?.token === token;
  }

  /** It was listed because of a version that was told of: the next list need not ask, for a moment. */
  freshen(folder: Uri, token: string | undefined): void {
    this.#change(folder, { freshUntilMs: performance.now() + freshMs, ...(token === undefined ? {} : { token }) });
  }

  /** The next list of a folder must ask. */
  expire(folder: Uri): void {
    this.#change(folder, { freshUntilMs: 0 });
  }

  /**
   * Takes in a list, unless one that was asked for later is known.
   *
   * @param begunMs when it was asked for
   * @param token the version of the folder that was known then
   * @returns what has come and gone since the one before
   */
  record(
    folder: Uri,
    entries: Entries,
    begunMs: number,
    token: string | undefined,
  ): (readonly [Uri, FileChangeType])[] {
    const key = folder.toString();
    const last = this.#known.get(key);
    if (last !== undefined && last.begunMs > begunMs) return [];
    const before = last?.entries;
    this.#known.delete(key);
    this.#known.set(key, { folder, entries, freshUntilMs: 0, begunMs, token });
    const [oldest] = this.#known.keys();
    if (this.#known.size > most && oldest !== undefined) this.#known.delete(oldest);
    if (before === undefined || isSame(before, entries)) return [];
    const [old, now] = [new Set(before.map(([name]) => name)), new Set(entries.map(([name]) => name))];
    const came = [...now].filter((name) => !old.has(name));
    const gone = [...old].filter((name) => !now.has(name));
    return [
      ...came.map((name) => [childAddress(folder, name), FileChangeType.Created] as const),
      ...gone.map((name) => [childAddress(folder, name), FileChangeType.Deleted] as const),
    ];
  }

  #change(folder: Uri, change: Partial<KnownFolder>): void {
    const known = this.#known.get(folder.toString());
    if (known !== undefined) this.#known.set(folder.toString(), { ...known, ...change });
  }
}

/** Whether there are the same names in the same order, as is usual of a folder in which nothing came and went. */
function isSame(before: Entries, now: Entries): boolean {
  return before.length === now.length && before.every(([name], at) => name === now[at]?.[0]);
}
