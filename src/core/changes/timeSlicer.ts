import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds of work after which others have their turn. */
const sliceMs = 8;
/** Steps between two looks at the clock. */
const steps = 64;

/**
 * Long work in slices, between which others have their turn: what a large repository differs by is tens of thousands of lines,
 * and the window's other work waits for as long as one goes on.
 */
export class TimeSlicer {
  #sinceMs = performance.now();
  #left = steps;

  /** Whether others are to have their turn; to be asked at each step, however small. */
  get isDue(): boolean {
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = steps;
    return performance.now() - this.#sinceMs >= sliceMs;
  }

  /** Lets others have their turn. */
  async rest(): Promise<void> {
    await turn();
    this.#sinceMs = performance.now();
  }
}
