import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';

/** Milliseconds between two tries, growing. */
const firstWaitMs = 250;
const longestWaitMs = 15_000;
/** Milliseconds after which a connection has lasted. */
const lastingMs = 2_000;
/** Milliseconds at the most before it is tried again where it was cut: a network that is bad may have come back. */
const longestCutMs = 500;

/** How long to wait before a connection is tried again. One that ends as soon as it is there counts as a try that failed. */
export class TriesPace {
  #waitMs = 0;
  #openedMs: number | undefined;
  #waiting: AbortController | undefined;

  /** Milliseconds before the first of some tries. */
  get beforeMs(): number {
    return this.#waitMs;
  }

  /** @returns milliseconds before the next try */
  failed(): number {
    this.#waitMs = this.#waitMs === 0 ? firstWaitMs : Math.min(this.#waitMs * 2, longestWaitMs);
    return this.#waitMs;
  }

  opened(): void {
    this.#openedMs = performance.now();
  }

  /** @param isCut nobody has closed it */
  closed(isCut: boolean): void {
    if (this.#openedMs === undefined || performance.now() - this.#openedMs > lastingMs) this.reset();
    else if (!isCut || this.#waitMs < longestCutMs) this.failed();
  }

  /** Somebody wants it now, or something has changed: nobody waits any more. */
  reset(): void {
    this.#waitMs = 0;
    this.#waiting?.abort();
  }

  /** Waits, unless it is {@link reset}. @throws what the signal ends with */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    const either = linkSignals(signal, waiting.signal);
    try {
      await sleep(ms, undefined, { signal: either.signal });
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      either.dispose();
    }
  }
}
