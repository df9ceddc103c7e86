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

  /** Somebody wants it now, or something has changed. */
  reset(): void {
    this.#waitMs = 0;
  }
}
