/**
 * Gives those that ask a turn of the event loop each, in the order in which they asked; all else has its turn between them. For
 * what holds the process up, as the start of a program does. The first goes on at once: while the editor waits for the rows of a
 * group, it knows none of them, and what is done with one of them then is lost.
 */
export class SequentialQueue {
  #free: Promise<void> = Promise.resolve();

  /** Resolves when those that asked earlier have had theirs. */
  next(): Promise<void> {
    const mine = this.#free;
    this.#free = mine.then(() => new Promise((resolve) => setImmediate(resolve)));
    return mine;
  }
}
