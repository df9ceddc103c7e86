import { FileChangeType, type FileType, type Uri } from 'vscode';
import { childAddress } from './fileAddress';

/** Milliseconds that a list is true without another look where it was made because of a change: the view lists it then. */
const freshMs = 500;
/** Folders of which the names are remembered. */
const most = 500;

export type Entries = [string, FileType][];

/** What was in folders when they were listed last, by address. */
export class KnownFolders {
  readonly #known = new Map<
    string,
    { readonly folder: Uri; readonly entries: Entries; readonly freshUntilMs: number }
  >();

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

  /** The next list of a folder need not ask, for a moment. */
  freshen(folder: Uri): void {
    this.#until(folder, performance.now() + freshMs);
  }

  /** The next list of a folder must ask. */
  expire(folder: Uri): void {
    this.#until(folder, 0);
  }

  /** Takes in a list. @returns what has come and gone since the one before */
  saw(folder: Uri, entries: Entries): (readonly [Uri, FileChangeType])[] {
    const key = folder.toString();
    const before = this.#known.get(key)?.entries;
    this.#known.delete(key);
    this.#known.set(key, { folder, entries, freshUntilMs: 0 });
    const [oldest] = this.#known.keys();
    if (this.#known.size > most && oldest !== undefined) this.#known.delete(oldest);
    if (before === undefined) return [];
    const [old, now] = [new Set(before.map(([name]) => name)), new Set(entries.map(([name]) => name))];
    const came = [...now].filter((name) => !old.has(name));
    const gone = [...old].filter((name) => !now.has(name));
    return [
      ...came.map((name) => [childAddress(folder, name), FileChangeType.Created] as const),
      ...gone.map((name) => [childAddress(folder, name), FileChangeType.Deleted] as const),
    ];
  }

  #until(folder: Uri, freshUntilMs: number): void {
    const known = this.#known.get(folder.toString());
    if (known !== undefined) this.#known.set(folder.toString(), { ...known, freshUntilMs });
  }
}
