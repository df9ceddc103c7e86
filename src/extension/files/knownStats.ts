import type { FileStat } from '../../core/files/fileFacts';
import { ListedStats, type List } from './listedStats';

/** Milliseconds that what was looked at is true without a further look: the editor asks several times in a row. */
const freshMs = 500;
/** Milliseconds after which a version that was told is no longer what a save is compared with: nobody waits that long between. */
const acceptedMs = 30_000;
/** Versions written here that are remembered, of each devbox. */
const mostWritten = 40;
/** Milliseconds before the word of a watching process that a version is still the one that was known is true; fewer than it tells back. */
const confirmedMs = 2_000;
/** Files of which something is remembered. */
const most = 20_000;

interface Known {
  readonly stat: FileStat | undefined;
  /** When it was seen. */
  readonly atMs: number;
  /** When it was asked for: what changed from then on may not be in it. */
  readonly begunMs: number;
  readonly isFresh: boolean;
  /** When it was last told to be old: what was asked for before is, too. */
  readonly expiredMs: number;
}

/** What was done here in one devbox. */
interface Done {
  /** When something was changed, and when something was made, moved or removed. */
  changedMs: number;
  movedMs: number;
  /** Versions that were written, the newest last. */
  written: readonly { readonly token: string; readonly atMs: number }[];
}

/** Which versions of a file a save may replace. */
export interface Accepted {
  /** Undefined where the file was not there, `any` where nobody looked lately. */
  readonly token: string | undefined;
  /** Those that were written here since, by another name of the same file as far as anybody knows. */
  readonly orTokens: readonly string[];
}

/** What the editor was told of a file last. */
interface Told {
  readonly token: string;
  readonly mtimeMs: number;
  readonly size: number;
  /** All sizes that it was told of since the file was last saved here, and whether this one was new to it. */
  readonly sizes: readonly number[];
  readonly isNewSize: boolean;
}

/** A look that is under way. */
interface Look {
  readonly stat: Promise<FileStat>;
  readonly begunMs: number;
}

/** What the editor was told of files, by address. */
export class KnownStats {
  readonly #known = new Map<string, Known>();
  /** What lists told of files about which nobody has asked since. */
  readonly #listed = new ListedStats();
  readonly #looks = new Map<string, Look>();
  /** Versions that the editor has read, written, or was told of. A look at a file, or a list of its folder, gives it none. */
  readonly #told = new Map<string, string>();
  /** Versions whose content the editor has. */
  readonly #read = new Map<string, Pick<FileStat, 'token' | 'size'>>();
  /** What the editor compares a save with. It outlives the file: another one of its name is another version. */
  readonly #facts = new Map<string, Told>();
  /** By devbox. */
  readonly #done = new Map<string, Done>();
  readonly #now: () => number;

  /** @param now milliseconds that only ever grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What was looked at just now. @param watchedMs since when every change of it is told */
  fresh(key: string, watchedMs = Infinity): FileStat | undefined {
    const known = this.#of(key);
    if (known?.isFresh !== true) return undefined;
    const isRecent = this.#now() - known.atMs < freshMs && this.#isUnchanged(key, known);
    // By links, what was moved here may have changed it without a word of the process that watches.
    const isWatched = known.begunMs > watchedMs && known.begunMs >= this.#doneIn(key).movedMs;
    return isRecent || isWatched ? known.stat : undefined;
  }

  /**
   * Looks at a file, once for all who ask while that is under way: the editor asks for the facts of a file that it opens and for
   * its content at the same time.
   *
   * @param isMissing whether a failure says that nothing is there
   */
  look(key: string, ask: () => Promise<FileStat>, isMissing: (error: unknown) => boolean): Promise<FileStat> {
    const begunMs = this.#now();
    const under = this.#looks.get(key);
    if (under !== undefined && begunMs - under.begunMs < freshMs && this.#isUnchanged(key, under)) return under.stat;
    const seen = async (): Promise<FileStat> => {
      try {
        const stat = await ask();
        this.record(key, stat, begunMs);
        return stat;
      } catch (error) {
        if (isMissing(error)) this.record(key, undefined, begunMs);
        throw error;
      } finally {
        // Where it was told meanwhile that this is old, the next one asks.
        if (this.#looks.get(key) === look) this.#looks.delete(key);
        else this.expire(key);
      }
    };
    const look: Look = { stat: seen(), begunMs };
    this.#looks.set(key, look);
    return look.stat;
  }

  /** Something was made, moved or removed in the devbox of an address: by links other names may be of the same files. */
  moved(key: string): void {
    const done = this.#doneIn(key);
    done.changedMs = done.movedMs = this.#now();
  }

  /** A file was written here, which may have other names. */
  wrote(key: string, stat: FileStat): void {
    const done = this.#doneIn(key);
    done.changedMs = this.#now();
    done.written = [...done.written, { token: stat.token, atMs: this.#now() }].slice(-mostWritten);
    this.has(key, stat.token);
    this.read(key, stat);
    this.record(key, stat);
    const { mtimeMs } = this.factsOf(key, stat, false);
    this.#facts.set(key, { token: stat.token, mtimeMs, size: stat.size, sizes: [stat.size], isNewSize: true });
  }

  /** The editor has the content of a version. */
  read(key: string, stat: FileStat): void {
    keep(this.#read, key, { token: stat.token, size: stat.size });
    this.factsOf(key, stat, false);
  }

  /** A save was refused, which the person is told: the next one may replace what is there. */
  refused(key: string): void {
    this.#read.delete(key);
    this.expire(key);
  }

  /** A watching process has said of a version that it is there. */
  confirm(key: string, token: string): void {
    const { stat, begunMs = 0 } = this.#of(key) ?? {};
    if (stat?.token === token) this.record(key, stat, Math.max(begunMs, this.#now() - confirmedMs));
  }

  /** What was last seen, however long ago. */
  last(key: string): FileStat | undefined {
    return this.#of(key)?.stat;
  }

  /**
   * What to tell of a version. The editor asks before it saves over one that is of another size than the one that it has and of a later
   * time, and over no other: so a later time goes with every version, whatever it says itself, and, for text that is not saved yet, a
   * size that no earlier version was told with: it may be some bytes more than the true one.
   */
  factsOf(key: string, stat: FileStat, isUnsaved: boolean): Pick<Told, 'mtimeMs' | 'size'> {
    const before = this.#facts.get(key);
    const isSame = before?.token === stat.token;
    const sizes = before?.sizes ?? [];
    const isTold = isSame && (before.isNewSize || !isUnsaved);
    if (isTold) return isUnsaved ? before : { ...before, size: stat.size };
    let { size } = stat;
    while (isUnsaved && sizes.includes(size)) size += 1;
    const later = Math.max(stat.mtimeMs, (before?.mtimeMs ?? -Infinity) + 1);
    const told = {
      token: stat.token,
      mtimeMs: isSame ? before.mtimeMs : later,
      size,
      sizes: [...sizes, size].slice(-mostWritten),
      isNewSize: !sizes.includes(size),
    };
    keep(this.#facts, key, told);
    return told;
  }

  /** The editor has a version, or knows that there is another one: it need not be told of it. */
  has(key: string, token: string): void {
    keep(this.#told, key, token);
  }

  /** Whether the editor has it, or was told of it. */
  isTold(key: string, token: string): boolean {
    return this.#told.get(key) === token;
  }

  /** Takes in what a file is; undefined: it is not there. What was asked for later is kept. @param begunMs when that was asked for */
  record(key: string, stat: FileStat | undefined, begunMs = this.#now()): void {
    this.#take(key, stat, { begunMs, atMs: this.#now() }, this.#of(key));
  }

  /** A file, by any of its names, is what it was, and yet another version: it had been written back. */
  putBack(key: string, before: string, { token }: Pick<FileStat, 'token'>): void {
    const of = (other: string, known: string): boolean => known === before && devboxOf(other) === devboxOf(key);
    for (const map of [this.#facts, this.#read] as Map<string, { readonly token: string }>[]) {
      for (const [other, known] of map) if (of(other, known.token)) map.set(other, { ...known, token });
    }
    for (const [other, known] of this.#told) if (of(other, known)) this.#told.set(other, token);
  }

  /** Takes in what is in a folder; each file when somebody asks about it. */
  list(folder: string, list: Omit<List, 'atMs'>): void {
    // Of a link that cannot be followed, a look tells why.
    for (const { name, type } of list.entries) if (type === 'missing') this.expire(list.keyOf(name));
    this.#listed.add(folder, { ...list, atMs: this.#now() });
  }

  #of(key: string): Known | undefined {
    const listed = this.#listed.take(key);
    if (listed !== undefined) this.#take(key, listed.stat, listed, this.#known.get(key));
    return this.#known.get(key);
  }

  #take(
    key: string,
    stat: FileStat | undefined,
    { begunMs, atMs }: Pick<Known, 'begunMs' | 'atMs'>,
    before: Known | undefined,
  ): void {
    if (before !== undefined && before.begunMs > begunMs) return;
    const expiredMs = before?.expiredMs ?? -Infinity;
    // What only a look tells stays true of a version.
    const isShared = stat?.isShared ?? (before?.stat?.token === stat?.token ? before?.stat?.isShared : undefined);
    const known = stat === undefined || isShared === undefined ? stat : { ...stat, isShared };
    keep(this.#known, key, { stat: known, atMs, begunMs, isFresh: begunMs >= expiredMs, expiredMs });
  }

  accepted(key: string, watchedMs = Infinity): Accepted {
    const known = this.#of(key);
    const isOld = known === undefined || this.#now() - known.atMs > acceptedMs;
    const { movedMs, written } = this.#doneIn(key);
    const any = { token: 'any', orTokens: [] };
    if (isOld && !(known !== undefined && known.begunMs > watchedMs)) return any;
    if (known.begunMs < movedMs) return any;
    const orTokens = written.filter(({ atMs }) => atMs >= known.begunMs).map(({ token }) => token);
    const read = this.#read.get(key);
    const told = this.#facts.get(key);
    const isAsked = told !== undefined && told.token === known.stat?.token && told.isNewSize;
    // The editor takes a file for the one that it has read as long as its size is the same, whatever its times.
    const isUnnoticed =
      !isAsked && read !== undefined && read.token !== known.stat?.token && read.size === known.stat?.size;
    if (isUnnoticed && !written.some(({ token }) => token === known.stat?.token)) {
      return { token: read.token, orTokens };
    }
    // Behind a link that leads nowhere a file is made.
    return { token: known.stat?.type === 'missing' ? undefined : known.stat?.token, orTokens };
  }

  /** Makes the next look at a file ask; what was told stays. */
  expire(key: string): void {
    this.#looks.delete(key);
    const known = this.#of(key);
    if (known !== undefined) this.#known.set(key, { ...known, isFresh: false, expiredMs: this.#now() });
  }

  /** Forgets what was made, moved or removed here, and all below it. */
  forget(key: string): void {
    this.#listed.forget(key);
    for (const map of [this.#known, this.#looks, this.#told, this.#read]) {
      for (const other of [...map.keys()]) if (other === key || other.startsWith(`${key}/`)) map.delete(other);
    }
  }

  /** Whether nothing was changed here since. */
  #isUnchanged(key: string, { begunMs }: { readonly begunMs: number }): boolean {
    return begunMs >= this.#doneIn(key).changedMs;
  }

  #doneIn(key: string): Done {
    const devbox = devboxOf(key);
    const done = this.#done.get(devbox) ?? { changedMs: -Infinity, movedMs: -Infinity, written: [] };
    this.#done.set(devbox, done);
    return done;
  }
}

/** The part of an address that names account and devbox. */
function devboxOf(key: string): string {
  return key.split('/', 3).join('/');
}

/** Sets the newest of a map, and forgets the oldest where there are too many. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
