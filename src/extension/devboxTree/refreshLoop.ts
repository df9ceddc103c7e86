import { isAborted } from '../../core/errors';

/** What decides how often to look. */
export interface RefreshState {
  readonly visible: boolean;
  readonly focused: boolean;
  readonly inTransition: boolean;
  /** Seconds that the server asked us to stay away, if it did. */
  readonly pauseSeconds: number | undefined;
}

/** Seconds until the next refresh, by what the user can see; undefined: not by itself. */
export function refreshDelaySeconds(state: RefreshState): number | undefined {
  const wanted = !state.visible ? undefined : !state.focused ? 60 : state.inTransition ? 2 : 10;
  return wanted === undefined ? undefined : Math.max(wanted, state.pauseSeconds ?? 0);
}

/**
 * Calls `refresh` as often as `state` says, one at a time. A refresh that is asked for while one runs follows it.
 */
export class RefreshLoop {
  readonly #refresh: (signal: AbortSignal) => Promise<void>;
  readonly #state: () => RefreshState;
  readonly #onError: (error: unknown) => void;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** Counts requests, so that one that comes while a refresh runs is not lost. */
  #asked = 0;

  constructor(options: {
    readonly refresh: (signal: AbortSignal) => Promise<void>;
    readonly state: () => RefreshState;
    readonly onError: (error: unknown) => void;
  }) {
    this.#refresh = options.refresh;
    this.#state = options.state;
    this.#onError = options.onError;
  }

  /** Refreshes now, and plans the next one. Resolves when a refresh that began after the call is done. */
  async now(): Promise<void> {
    this.#asked += 1;
    this.#running ??= this.#run();
    await this.#running;
  }

  /** Plans anew after visibility, focus or the list changed. */
  reschedule(): void {
    clearTimeout(this.#timer);
    const seconds = this.#stop.signal.aborted ? undefined : refreshDelaySeconds(this.#state());
    if (seconds === undefined) return;
    this.#timer = setTimeout(() => void this.now(), seconds * 1000);
  }

  dispose(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    try {
      for (let served = -1; served !== this.#asked && !isAborted(this.#stop.signal); ) {
        served = this.#asked;
        await this.#refresh(this.#stop.signal);
      }
    } catch (error) {
      if (!isAborted(this.#stop.signal)) this.#onError(error);
    } finally {
      this.#running = undefined;
      this.reschedule();
    }
  }
}
