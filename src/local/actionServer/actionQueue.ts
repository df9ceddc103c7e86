/** Runs tasks one after the other, in the order they were given. A failed task does not stop those behind it. */
export class ActionQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `task` when all earlier ones have settled, and answers what it answers. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    // The queue itself must not reject; the caller sees the failure through `turn`.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
