/**
 * The server's time, for "how much longer": the local clock may be wrong by hours. Learnt from the `Date` header of
 * answers, which tells whole seconds.
 */
export class ServerClock {
  #offsetMs = 0;

  /**
   * Learns from one answer.
   *
   * @param dateHeader the answer's `Date`
   * @param askedMs local time when the request went out, Unix milliseconds
   * @param answeredMs local time when the answer came
   */
  observe(dateHeader: string | null | undefined, askedMs: number, answeredMs: number): void {
    const sent = Date.parse(dateHeader ?? '');
    // A slow answer says little about the time at which its header was written.
    if (Number.isNaN(sent) || answeredMs - askedMs > 10_000) return;
    const offset = sent + 500 - (askedMs + answeredMs) / 2;
    // Below the header's own precision the local clock is the better one, and does not jitter.
    this.#offsetMs = Math.abs(offset) < 2_000 ? 0 : Math.abs(offset - this.#offsetMs) < 2_000 ? this.#offsetMs : offset;
  }

  /** The server's time now, in Unix milliseconds. */
  now(localMs = Date.now()): number {
    return localMs + this.#offsetMs;
  }
}
