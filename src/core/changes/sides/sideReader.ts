import { endedBy } from '../../errors';
import type { ReadSide, SideContent, WantedSide } from './sideContent';

/** Milliseconds for which further sides are waited for, and after which one more is asked for by something else. */
const gatherMs = 5;
const togetherMs = 10;
/** Batches that are read at a time. */
const mostBatches = 2;
/** Sides that are read at once, and bytes of what names them: an input has a limit. */
const mostSides = 50;
const mostNamed = 40_000;

/** One side that is asked for. */
export interface AskedSide {
  /** Sides of the same one can be read at once. */
  readonly place: string;
  /** Bytes from which on it is not read. */
  readonly most: number;
  readonly path: string;
  readonly side: WantedSide;
}

/** How sides are read. */
export interface SideSource<T extends AskedSide> {
  readonly one: (asked: T, signal: AbortSignal) => Promise<SideContent>;
  /** @returns undefined where each is best read by itself */
  readonly many: (asked: readonly [T, ...T[]], signal: AbortSignal) => Promise<readonly ReadSide[] | undefined>;
}

interface Waiting<T> {
  readonly asked: T;
  /** What was asked for together has the same one; the newest has the highest. */
  readonly burst: number;
  readonly signal: AbortSignal;
  readonly resolve: (content: SideContent) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Reads sides of changes: one by itself, many that are asked for at the same time in batches, as each execution has its price. What
 * was asked for last comes first: somebody who clicks waits for one batch at the most.
 */
export class SideReader<T extends AskedSide> {
  readonly #devboxId: string;
  readonly #source: SideSource<T>;
  readonly #wanted = new WeakMap<AbortSignal, Set<Waiting<T>>>();
  #waiting: Waiting<T>[] = [];
  #burst = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #running = 0;
  #isGathering = false;

  constructor(devboxId: string, source: SideSource<T>) {
    this.#devboxId = devboxId;
    this.#source = source;
  }

  /** @throws RuntimeError for why this one cannot be read */
  async read(asked: T, signal: AbortSignal): Promise<SideContent> {
    if (signal.aborted) throw endedBy(signal, this.#devboxId);
    const now = performance.now();
    if (now - this.#askedAt > togetherMs) this.#burst += 1;
    this.#askedAt = now;
    const wanted = this.#wantedBy(signal);
    let one: Waiting<T> | undefined;
    try {
      return await new Promise((resolve, reject) => {
        one = { asked, burst: this.#burst, signal, resolve, reject };
        wanted.add(one);
        this.#waiting.push(one);
        this.#gather();
      });
    } finally {
      if (one !== undefined) wanted.delete(one);
    }
  }

  /** What is asked for as long as a signal lasts: followed once, however much that is. */
  #wantedBy(signal: AbortSignal): Set<Waiting<T>> {
    const known = this.#wanted.get(signal);
    if (known !== undefined) return known;
    const wanted = new Set<Waiting<T>>();
    this.#wanted.set(signal, wanted);
    const end = (): void => {
      this.#waiting = this.#waiting.filter((one) => !wanted.has(one));
      for (const one of wanted) one.reject(endedBy(signal, this.#devboxId));
    };
    signal.addEventListener('abort', end, { once: true });
    return wanted;
  }

  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    setTimeout(() => {
      this.#isGathering = false;
      this.#next();
    }, gatherMs);
  }

  #next(): void {
    while (this.#running < mostBatches) {
      const batch = this.#taken();
      if (batch === undefined) return;
      this.#running += 1;
      // It tells each of them how it went.
      void this.#readAll(batch).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  /** The next ones: of those asked for last, the first; then others that can be read with them. */
  #taken(): [Waiting<T>, ...Waiting<T>[]] | undefined {
    const newest = this.#waiting.reduce((most, { burst }) => Math.max(most, burst), 0);
    const [first, ...others] = [
      ...this.#waiting.filter(({ burst }) => burst === newest),
      ...this.#waiting.filter(({ burst }) => burst !== newest),
    ];
    if (first === undefined) return undefined;
    const batch: [Waiting<T>, ...Waiting<T>[]] = [first];
    let named = namedBytes(first.asked);
    for (const one of others) {
      if (one.asked.place !== first.asked.place || one.asked.most !== first.asked.most) continue;
      named += namedBytes(one.asked);
      if (batch.length === mostSides || named > mostNamed) break;
      batch.push(one);
    }
    const taken = new Set<Waiting<T>>(batch);
    this.#waiting = this.#waiting.filter((one) => !taken.has(one));
    return batch;
  }

  async #readAll(batch: readonly [Waiting<T>, ...Waiting<T>[]]): Promise<void> {
    const [first, ...others] = batch;
    if (others.length === 0) {
      await this.#alone(first);
      return;
    }
    // It is given up once nobody wants any of it.
    const { signal, stop } = endOfAll(batch.map((one) => one.signal));
    let read: readonly ReadSide[] | undefined;
    try {
      read = await this.#source.many([first.asked, ...others.map(({ asked }) => asked)], signal);
    } catch (error) {
      for (const one of batch) one.reject(error);
      return;
    } finally {
      stop();
    }
    const alone: Waiting<T>[] = [];
    const later: Waiting<T>[] = [];
    for (const [at, one] of batch.entries()) {
      const content = read === undefined ? 'alone' : read[at];
      if (one.signal.aborted) continue;
      if (content === 'later') later.push(one);
      else if (content === 'alone' || content === undefined) alone.push(one);
      else one.resolve(content);
    }
    // In front of those of the same time.
    this.#waiting = [...later, ...this.#waiting];
    await Promise.all(alone.map((one) => this.#alone(one)));
  }

  async #alone({ asked, signal, resolve, reject }: Waiting<T>): Promise<void> {
    try {
      resolve(await this.#source.one(asked, signal));
    } catch (error) {
      reject(error);
    }
  }
}

function namedBytes({ path, side }: AskedSide): number {
  return side.isWork ? Buffer.byteLength(path) + 6 : side.id.length + 6;
}

/** Ends once all of some signals have ended, for the reason of the last one. */
function endOfAll(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; readonly stop: () => void } {
  const all = new AbortController();
  const left = new Set(signals);
  const watched = [...left].map((signal) => {
    const end = (): void => {
      left.delete(signal);
      if (left.size === 0) all.abort(signal.reason);
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    return () => signal.removeEventListener('abort', end);
  });
  return { signal: all.signal, stop: () => watched.forEach((unwatch) => unwatch()) };
}
