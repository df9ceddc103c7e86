import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import type { Disposable } from '../events';
import { isAborted } from '../errors';
import { isChanging } from '../platform/devbox';
import type { LogEntry } from '../platform/logEntry';
import type { FollowOptions, FollowPace } from './followEvent';
import { LogPace } from './logPace';

/** In these turns of an idle devbox the status is asked for and not the log: a request a minute is all there is. */
const statusEvery = 10;
/** A pause is at least so many times as long as reading took: a log that is read again and again must not be a load. */
const restAfterRead = 3;

/** When a log is read again, and what is asked for then. Where a stream is open, a turn lasts as long as the stream. */
export class PollSchedule implements Disposable {
  readonly #reconnectMs: readonly [number, number];
  readonly #pollMs: readonly [number, number];
  readonly #signal: AbortSignal;
  readonly #logPace: LogPace;
  readonly #subscription: Disposable | undefined;
  #cutMs: number;
  #asksStatus = true;
  #asksLog = true;
  #status: string | undefined;
  #statusSinceMs = 0;
  #startMs = 0;
  #isNews = false;
  #pauseMs = 0;
  #silentTurns = 0;
  #idleTurns = 0;
  #isHinted = false;
  #wake: AbortController | undefined;

  constructor(pace: FollowPace, options: FollowOptions) {
    this.#reconnectMs = pace.reconnectMs;
    this.#pollMs = pace.pollMs;
    this.#signal = options.signal;
    this.#logPace = new LogPace(pace.pollMs);
    this.#cutMs = pace.reconnectMs[0];
    this.#subscription = options.lookNow?.(() => this.hint());
  }

  get asksStatus(): boolean {
    return this.#asksStatus;
  }

  /** False in turns that ask for the status only. */
  get asksLog(): boolean {
    return this.#asksLog;
  }

  /** The devbox's status as last known. */
  get status(): string | undefined {
    return this.#status;
  }

  begin(): void {
    this.#startMs = performance.now();
  }

  /** What the devbox's status is. With another status than before there may be lines as well. */
  onStatus(status: string): void {
    this.#asksStatus = false;
    if (status === this.#status) return;
    this.#status = status;
    this.#statusSinceMs = performance.now();
    this.#asksLog = true;
    this.#expectNews();
  }

  /** New entries came: the next cut is the first again. */
  onLines(lines: readonly LogEntry[], serverMs: number): void {
    this.#cutMs = this.#reconnectMs[0];
    this.#isNews = true;
    this.#logPace.onLines(lines, serverMs, performance.now());
    // Its entrypoint has ended: the devbox does so as a rule, and no line tells.
    if (lines.some(({ source, exitCode }) => source === 'entrypoint' && exitCode !== undefined)) this.hint();
  }

  /** Something outside tells that there may be news. */
  hint(): void {
    this.#isHinted = true;
    this.#wake?.abort();
  }

  /**
   * Waits for the next turn.
   *
   * @param polls true where the log is read as a list
   * @param lines how many the log has
   */
  async rest(polls: boolean, lines: number): Promise<void> {
    const now = performance.now();
    const tookMs = now - this.#startMs;
    const [least, most] = this.#pollMs;
    this.#cutMs = this.#reconnectMs[0];
    const readLog = this.#asksLog;
    const wasIdle = this.#idleTurns > 0;
    const wasNews = this.#isNews;
    if (readLog) {
      this.#pauseMs = this.#logPace.pauseAfterPass(lines, now);
      this.#silentTurns = wasNews ? 0 : this.#silentTurns + 1;
      this.#idleTurns = this.#pauseMs < most ? 0 : this.#idleTurns + 1;
      this.#isNews = false;
    }
    // Asked twice: it may be on its way to its end when its last line has come.
    const isEarlySilence = readLog && !wasIdle && (this.#silentTurns === 1 || this.#silentTurns === 2);
    const isLong = readLog && this.#idleTurns > 0 && this.#idleTurns % statusEvery === 0;
    let pauseMs = this.#pauseMs - tookMs;
    if (this.#status !== undefined && isChanging(this.#status) && now - this.#statusSinceMs < 2 * most) {
      // On its way to another status: that is not idle, and soon over.
      this.#ask({ status: true, log: true });
      pauseMs = Math.min(this.#pauseMs, 5 * least);
    } else if (!polls) {
      // A stream ends when its devbox does. One that ended in silence once more was ended by a server that does not wait.
      this.#ask({ status: wasNews || isEarlySilence || isLong || tookMs > 2 * most, log: true });
      if (isLong) pauseMs += most;
      pauseMs = Math.max(pauseMs, this.#reconnectMs[0]);
    } else if (this.#status === 'suspended') {
      // Nothing prints in it.
      this.#ask({ status: true, log: false });
      pauseMs = most;
    } else {
      this.#ask({ status: isEarlySilence || isLong, log: !isEarlySilence && !isLong });
      const shortest = Math.max(least, wasNews ? restAfterRead * tookMs : 0);
      pauseMs = isEarlySilence ? 0 : Math.max(pauseMs, Math.min(shortest, most));
    }
    await this.#restFor(pauseMs);
    if (!this.#isHinted) return;
    // What tells of news may do so many times a second.
    await this.#sleep(this.#reconnectMs[0] - (performance.now() - this.#startMs), this.#signal);
    this.#isHinted = false;
    this.#ask({ status: true, log: true });
    this.#expectNews();
  }

  /** Waits after a connection was cut or refused. @param askedSeconds what the server asked to wait */
  async restAfterCut(askedSeconds: number | undefined): Promise<void> {
    this.#ask({ status: true, log: true });
    // Spread, so that many followers do not come back together.
    const own = this.#cutMs * (0.75 + Math.random() / 2);
    this.#cutMs = Math.min(this.#cutMs * 2, this.#reconnectMs[1]);
    await this.#sleep(Math.max(own, (askedSeconds ?? 0) * 1000), this.#signal);
  }

  dispose(): void {
    this.#subscription?.dispose();
  }

  #ask({ status, log }: { readonly status: boolean; readonly log: boolean }): void {
    this.#asksStatus = status;
    this.#asksLog = log;
  }

  #expectNews(): void {
    this.#logPace.expectNews();
    this.#silentTurns = 0;
    this.#idleTurns = 0;
  }

  /** Ends early when there is a hint, or has been one since the turn began. */
  async #restFor(ms: number): Promise<void> {
    if (this.#isHinted) return;
    this.#wake = new AbortController();
    const either = linkSignals(this.#signal, this.#wake.signal);
    await this.#sleep(ms, either.signal);
    either.dispose();
    this.#wake = undefined;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0 || isAborted(signal)) return;
    await sleep(ms, undefined, { signal }).catch(() => undefined); // Woken or stopped: whoever waits looks which.
  }
}
