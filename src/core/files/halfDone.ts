import { RuntimeError } from '../errors';

/** What something that is done with a file leaves behind where it ends half-way. */
export interface Traces {
  readonly path: string;
  /** Where its content was sent; empty: nowhere. */
  readonly sent: string;
  /** Names what it keeps aside. */
  readonly word: string;
}

/** Work whose traces are still to be taken away; beyond, the oldest are forgotten. */
const mostOwed = 100;

/**
 * What was ended half-way in a devbox: its traces are taken away and what it kept aside comes back, at once, or, where the devbox
 * cannot be reached or is suspended, before the next work there.
 */
export class HalfDone {
  readonly #discard: (traces: Traces) => Promise<boolean>;
  #owed: Traces[] = [];
  #settling: Promise<void> | undefined;

  /** @param discard takes traces away; tells whether it is certain that the work was not done */
  constructor(discard: (traces: Traces) => Promise<boolean>) {
    this.#discard = discard;
  }

  /** @returns whether it is certain that the work was not done; what has kept it from finding that out */
  async discard(traces: Traces): Promise<boolean | RuntimeError> {
    try {
      return await this.#discard(traces);
    } catch (error) {
      // The failure to tell is the one that led to this.
      if (!RuntimeError.is(error)) throw error;
      this.#owed = [...this.#owed, traces].slice(-mostOwed);
      return error;
    }
  }

  /** Does what could not be done so far. @throws RuntimeError if it still cannot be, as the devbox is not reached */
  async settle(): Promise<void> {
    if (this.#owed.length > 0) this.#settling ??= this.#settleAll().finally(() => (this.#settling = undefined));
    await this.#settling;
  }

  async #settleAll(): Promise<void> {
    for (let next = this.#owed[0]; next !== undefined; next = this.#owed[0]) {
      try {
        await this.#discard(next);
      } catch (error) {
        // It is reached, and cannot do it: the next work may.
        if (RuntimeError.is(error, 'file')) return;
        throw error;
      }
      const [, ...rest] = this.#owed;
      this.#owed = rest;
    }
  }
}
