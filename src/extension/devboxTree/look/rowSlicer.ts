/** Milliseconds that work may hold the event loop in one go, by a clock; far below what anybody notices. */
const sliceMs = 8;

/**
 * Does pieces of work in order, as many in one turn of the event loop as fit into a few milliseconds: the editor asks for
 * hundreds of rows at once, and would wait for all of them.
 */
export class RowSlicer {
  readonly #waiting: (() => void)[] = [];
  readonly #now: () => number;
  #sliceEnd: number | undefined;

  /** @param now milliseconds that only ever grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Does a piece of work now if there is room in this turn and nothing waits, else in one of the next turns. */
  run<T>(work: () => T): T | Promise<T> {
    if (this.#waiting.length === 0 && this.#hasRoom()) return work();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      if (this.#waiting.length === 1) setImmediate(() => this.#drain());
    });
  }

  #hasRoom(): boolean {
    if (this.#sliceEnd === undefined) {
      this.#sliceEnd = this.#now() + sliceMs;
      setImmediate(() => (this.#sliceEnd = undefined));
    }
    return this.#now() < this.#sliceEnd;
  }

  #drain(): void {
    const end = this.#now() + sliceMs;
    do this.#waiting.shift()?.();
    while (this.#waiting.length > 0 && this.#now() < end);
    if (this.#waiting.length > 0) setImmediate(() => this.#drain());
  }
}
