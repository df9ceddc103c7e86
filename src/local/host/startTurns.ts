/**
 * Turns to start a program. A start holds this process until the program is there, which takes long on a busy computer: so
 * there is one in each round of Node's loop at most, and between two of them everything else has its turn.
 */
export class StartTurns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for one's turn. */
  take(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
