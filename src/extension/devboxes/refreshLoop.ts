import { isAborted } from '../../core/errors';
import type { Disposable } from '../../core/events';

/** What decides how often to look. */
export interface RefreshState {
  /** False while there is nobody whose list could be read. */
  readonly signedIn: boolean;
  /** True once the list was wanted: the view was shown, or a command asked. Before that nothing is read. */
  readonly wanted: boolean;
  readonly visible: boolean;
  readonly focused: boolean;
  readonly inTransition: boolean;
  /** Failed refreshes in a row. */
  readonly failures: number;
}

/**
 * Seconds between refreshes while somebody looks at something that changes and that nobody follows, looks, and does not
 * look. While somebody looks, only every `whole` seconds more than the first page is read.
 */
export const refreshSeconds = { changing: 2.5, quiet: 10, unseen: 60, whole: 60 } as const;
const firstFailureSeconds = 5;
const longestFailureSeconds = 300;
/** Seconds after which coming back to the view or the window is a reason to look again. */
const returnSeconds = 5;

/** True while the user can see the list. */
export function isSeen(state: RefreshState): boolean {
  return state.visible && state.focused;
}

/** Seconds from one refresh to the next, by what the user can see; undefined: not by itself. */
export function refreshDelaySeconds(state: RefreshState): number | undefined {
  if (!state.signedIn || !state.wanted) return undefined;
  const wanted = !isSeen(state)
    ? refreshSeconds.unseen
    : state.inTransition
      ? refreshSeconds.changing
      : refreshSeconds.quiet;
  if (state.failures === 0) return wanted;
  return Math.max(wanted, Math.min(longestFailureSeconds, firstFailureSeconds * 2 ** (state.failures - 1)));
}

/** The passing of time, for tests that must not wait. */
export interface Timing {
  /** Milliseconds that only ever grow. */
  now(): number;
  after(milliseconds: number, run: () => void): Disposable;
}

export const realTiming: Timing = {
  now: () => performance.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return { dispose: () => clearTimeout(timer) };
  },
};

/**
 * Calls `refresh` as often as `state` says, one at a time. A refresh that is asked for while one runs follows it. While
 * the server asked us to stay away nothing is called at all.
 */
export class RefreshLoop implements Disposable {
  readonly #refresh: (signal: AbortSignal, asked: boolean) => Promise<void>;
  readonly #state: () => RefreshState;
  readonly #onError: (error: unknown) => void;
  readonly #timing: Timing;
  readonly #stop = new AbortController();
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;
  /** Counts requests, so that one that comes while a refresh runs is not lost. */
  #asked = 0;
  #lastEnd = Number.NEGATIVE_INFINITY;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: {
    /** `asked` tells that a person or command wants it now. */
    readonly refresh: (signal: AbortSignal, asked: boolean) => Promise<void>;
    readonly state: () => RefreshState;
    readonly onError: (error: unknown) => void;
    readonly timing?: Timing;
  }) {
    this.#refresh = options.refresh;
    this.#state = options.state;
    this.#onError = options.onError;
    this.#timing = options.timing ?? realTiming;
  }

  /** Seconds for which nothing is called because the server asked for it; 0: not paused. */
  get pauseSeconds(): number {
    return Math.max(0, (this.#pausedUntil - this.#timing.now()) / 1000);
  }

  /** Stays away for that long, whoever asks. */
  pause(seconds: number): void {
    this.#pausedUntil = this.#timing.now() + seconds * 1000;
    this.reschedule();
  }

  /** Ends a pause, as for another account. */
  endPause(): void {
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  /**
   * Refreshes now, and plans the next one. Resolves when a refresh that began after the call is done; at once, without
   * one, during a pause.
   */
  async now(): Promise<void> {
    if (this.pauseSeconds > 0) return;
    this.#asked += 1;
    this.#running ??= this.#run(true);
    await this.#running;
  }

  /** The user looks again: refreshes soon unless the list is nearly new. */
  returned(): void {
    this.#plan(returnSeconds);
  }

  /** Plans anew after visibility, focus or the list changed. */
  reschedule(): void {
    this.#plan(Number.POSITIVE_INFINITY);
  }

  dispose(): void {
    this.#stop.abort();
    this.#timer?.dispose();
  }

  #plan(atMostSeconds: number): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const state = this.#state();
    const seconds = isAborted(this.#stop.signal) ? undefined : refreshDelaySeconds(state);
    // A running refresh plans the next one when it ends.
    if (seconds === undefined || this.#running !== undefined) return;
    // A list that somebody looks at is old after a pause: read as soon as the server lets us.
    const isPaused = this.#pausedUntil > this.#lastEnd;
    const distance = isPaused && isSeen(state) ? 0 : Math.min(seconds, atMostSeconds);
    const due = Math.max(this.#lastEnd + distance * 1000, this.#pausedUntil);
    this.#timer = this.#timing.after(Math.max(0, due - this.#timing.now()), () => {
      this.#running ??= this.#run(false);
    });
  }

  async #run(asked: boolean): Promise<void> {
    try {
      for (let served = -1; served !== this.#asked && !isAborted(this.#stop.signal);) {
        served = this.#asked;
        await this.#refresh(this.#stop.signal, asked);
        if (this.pauseSeconds > 0) return;
      }
    } catch (error) {
      if (!isAborted(this.#stop.signal)) this.#onError(error);
    } finally {
      this.#lastEnd = this.#timing.now();
      this.#running = undefined;
      this.reschedule();
    }
  }
}
