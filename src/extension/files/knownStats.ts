import type { FileStat } from '../../core/files/fileFacts';

/** Milliseconds that what was looked at is true without a further look: the editor asks several times in a row. */
const freshMs = 500;
/** Milliseconds after which a version that was told is no longer what a save is compared with: nobody waits that long between. */
const acceptedMs = 30_000;
/** Files of which something is remembered. */
const most = 20_000;

interface Known {
  readonly stat: FileStat | undefined;
  /** The time of change as it was told: another one after every change, as the editor knows no other sign of one. */
  readonly mtimeMs: number;
  readonly atMs: number;
  readonly isFresh: boolean;
}

/** What the editor was told of files, by address. */
export class KnownStats {
  readonly #known = new Map<string, Known>();
  readonly #now: () => number;

  /** @param now milliseconds that only ever grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What was looked at just now. @param watchedMs since when every change of it is told */
  fresh(key: string, watchedMs = Infinity): FileStat | undefined {
    const known = this.#known.get(key);
    if (known?.isFresh !== true) return undefined;
    return this.#now() - known.atMs < freshMs || known.atMs > watchedMs ? known.stat : undefined;
  }

  /** What was last seen, however long ago. */
  last(key: string): FileStat | undefined {
    return this.#known.get(key)?.stat;
  }

  /** The time of change to tell of a file. */
  mtimeOf(key: string, stat: FileStat): number {
    return this.#known.get(key)?.mtimeMs ?? stat.mtimeMs;
  }

  /** Takes in what a file is; undefined: it is not there. */
  saw(key: string, stat: FileStat | undefined): void {
    const before = this.#known.get(key);
    this.#known.delete(key);
    const mtimeMs = stat === undefined ? 0 : toldTime(stat, before);
    this.#known.set(key, { stat, mtimeMs, atMs: this.#now(), isFresh: true });
    if (this.#known.size <= most) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** The version that a save may replace: undefined where the file was not there, `any` where nobody looked lately. */
  accepted(key: string, watchedMs = Infinity): string | undefined {
    const known = this.#known.get(key);
    const isOld = known === undefined || this.#now() - known.atMs > acceptedMs;
    return isOld && !(known !== undefined && known.atMs > watchedMs) ? 'any' : known.stat?.token;
  }

  /** Makes the next look at a file ask; what was told stays. */
  expire(key: string): void {
    const known = this.#known.get(key);
    if (known !== undefined) this.#known.set(key, { ...known, isFresh: false });
  }

  /** Forgets what was made, moved or removed here, and all below it. */
  forget(key: string): void {
    for (const other of [...this.#known.keys()]) {
      if (other === key || other.startsWith(`${key}/`)) this.#known.delete(other);
    }
  }
}

function toldTime(stat: FileStat, before: Known | undefined): number {
  if (before?.stat === undefined) return stat.mtimeMs;
  if (before.stat.token === stat.token) return before.mtimeMs;
  const looksTheSame = before.mtimeMs === stat.mtimeMs && before.stat.size === stat.size;
  return looksTheSame ? stat.mtimeMs + 1 : stat.mtimeMs;
}
