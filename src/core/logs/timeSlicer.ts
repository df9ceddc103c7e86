import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work in one turn of the event loop. */
const turnMs = 15;

/** Cuts long work into turns of the event loop, so that everything else in the process gets its own between them. */
export class TimeSlicer {
  #since = performance.now();

  /** Lets others have a turn if this one has lasted long enough. Call it between small pieces of work. */
  async share(): Promise<void> {
    if (performance.now() - this.#since < turnMs) return;
    await nextTurn();
    this.#since = performance.now();
  }
}
