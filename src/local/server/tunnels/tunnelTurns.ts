/** After this time, in milliseconds, a connection that is still not made keeps no others of its devbox waiting. */
const patience = 20;

/**
 * The turns in which connections into devboxes are made: into each devbox one at a time. All are made by one thread, and if all
 * was done at once that comes to a devbox at once, the others would wait for it.
 */
export class TunnelTurns {
  readonly #patience: number;
  /** Who waits for each devbox that has a connection being made, the next one first. */
  readonly #lines = new Map<string, (() => void)[]>();

  constructor(patienceMs = patience) {
    this.#patience = patienceMs;
  }

  /** Makes a connection into a devbox when those that came before are made or refused, or take long. */
  async take<T>(devbox: string, make: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(devbox);
    if (line === undefined) this.#lines.set(devbox, []);
    else await new Promise<void>((resolve) => line.push(resolve));
    let isOver = false;
    const over = (): void => {
      if (!isOver) this.#pass(devbox);
      isOver = true;
    };
    const late = setTimeout(over, this.#patience);
    try {
      return await make();
    } finally {
      clearTimeout(late);
      over();
    }
  }

  #pass(devbox: string): void {
    const next = this.#lines.get(devbox)?.shift();
    if (next === undefined) this.#lines.delete(devbox);
    else next();
  }
}
