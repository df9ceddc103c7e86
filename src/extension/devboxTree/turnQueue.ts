/** Gives those that ask a turn of the event loop each, in the order in which they asked. */
export class TurnQueue {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when those that asked earlier have had theirs. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
