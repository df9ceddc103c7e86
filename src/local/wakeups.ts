/** Those who wait for something to change. */
export class Wakeups {
  readonly #waiting = new Set<() => void>();

  /** Wakes all of them. */
  wake(): void {
    for (const waiter of [...this.#waiting]) waiter();
  }

  /** Comes back at the next `wake`, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
