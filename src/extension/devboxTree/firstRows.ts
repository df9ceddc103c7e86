/**
 * Whether the editor waits for the first rows of the view: it is told all there is by then. Told to ask again meanwhile, it would
 * forget the rows that it is about to get until the next ones come, and what is done with one of them would be lost.
 */
export class FirstRows {
  #asked = 0;

  get areAsked(): boolean {
    return this.#asked > 0;
  }

  /** Resolves with the first of what brings them. */
  async wait(...ways: readonly Promise<void>[]): Promise<void> {
    this.#asked += 1;
    try {
      await Promise.race(ways);
    } finally {
      this.#asked -= 1;
    }
  }
}
