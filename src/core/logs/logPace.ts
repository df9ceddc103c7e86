import type { LogEntry } from '../platform/logEntry';

/** Lines that may wait to be read, at most. */
const mostWaiting = 50;
/** Times that the lines of a log are read again, at most, as long as the rule above allows it. */
const mostReadings = 50;
/** Lines that must have been due before silence is taken for more than chance. */
const dueBeforeSilence = 3;
/** How much longer each pause is than the one before while nothing comes. */
const growth = 4;

/**
 * How fast a log grows, and so how long it may go unread where nothing tells of news: until 50 more lines are due, or in
 * a log of less than 2,500 lines a fiftieth of it, as reading a short log costs little. Silence makes the pause four times
 * longer each time, up to the longest one. All times in milliseconds.
 */
export class LogPace {
  readonly #least: number;
  readonly #most: number;
  #fresh = 0;
  /** Of the fresh lines those written since the last pass, and those written just now. */
  #since = 0;
  #justNow = 0;
  #lastMs: number | undefined;
  /** Lines in a millisecond. */
  #rate = 0;
  #silentMs = 0;
  #pauseMs: number;

  /** @param limits the shortest and the longest pause */
  constructor([least, most]: readonly [number, number]) {
    this.#least = least;
    this.#most = most;
    this.#pauseMs = least / growth;
  }

  /** Takes note of new lines. @param serverMs the time as the server has it, as that of the lines is */
  onLines(lines: readonly LogEntry[], serverMs: number, nowMs: number): void {
    const window = this.#windowMs(nowMs);
    this.#fresh += lines.length;
    for (const { timestampMs } of lines) {
      const age = timestampMs === undefined ? 0 : serverMs - timestampMs;
      if (age <= window || this.#lastMs !== undefined) this.#since += 1;
      // What tells no time may have been written at any moment since the last pass.
      if (age <= this.#justNowMs && timestampMs !== undefined) this.#justNow += 1;
    }
  }

  /**
   * How long the log may go unread now that a pass has come to its end.
   *
   * @param lines how many the log has
   */
  pauseAfterPass(lines: number, nowMs: number): number {
    const window = this.#windowMs(nowMs);
    const elapsed = nowMs - (this.#lastMs ?? nowMs);
    if (this.#fresh > 0) {
      this.#rate = Math.max(this.#since / window, this.#justNow / this.#justNowMs);
      const wanted = Math.min(Math.max(lines / mostReadings, 1), mostWaiting);
      this.#pauseMs = wanted / this.#rate;
      this.#silentMs = 0;
    } else {
      this.#silentMs += elapsed;
      if (this.#rate === 0 || this.#rate * this.#silentMs >= dueBeforeSilence) this.#pauseMs *= growth;
    }
    this.#pauseMs = Math.min(Math.max(this.#pauseMs, this.#least), this.#most);
    this.#fresh = 0;
    this.#since = 0;
    this.#justNow = 0;
    this.#lastMs = nowMs;
    return this.#pauseMs;
  }

  /** Something tells that lines may come soon: the next silence is as if it were the first. */
  expectNews(): void {
    this.#rate = 0;
    this.#pauseMs = this.#least / growth;
  }

  get #justNowMs(): number {
    return 5 * this.#least;
  }

  /** The time that the fresh lines are counted over. Before the first pass: only what is young tells of the pace. */
  #windowMs(nowMs: number): number {
    return this.#lastMs === undefined ? this.#most : Math.max(nowMs - this.#lastMs, 1);
  }
}
