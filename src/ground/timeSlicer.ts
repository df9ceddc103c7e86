import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds of work after which others have their turn. */
const sliceMs = 8;

/**
 * Long work in slices, between which others have their turn: what a large repository differs by, a long log or what an agent has
 * said is tens of thousands of pieces, and the process's other work waits for as long as one slice goes on.
 */
export class TimeSlicer {
  readonly #steps: number;
  #sinceMs = performance.now();
  #left: number;

  /** @param steps those between two looks at the clock: more than one only where each is tiny */
  constructor(steps = 1) {
    this.#steps = steps;
    this.#left = steps;
  }

  /** Whether others are to have their turn; to be asked at each step, however small. */
  get isDue(): boolean {
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = this.#steps;
    return performance.now() - this.#sinceMs >= sliceMs;
  }

  /** Lets others have their turn. */
  async rest(): Promise<void> {
    await turn();
    this.#sinceMs = performance.now();
  }

  /** Lets others have their turn if it is due. */
  async share(): Promise<void> {
    if (this.isDue) await this.rest();
  }
}
