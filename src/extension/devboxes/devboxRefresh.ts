import { linkSignals, type LinkedSignal } from '../../ground/deadline';
import { isAborted, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { DevboxReader, type Stream } from './devboxReader';
import type { DevboxStore } from './devboxStore';
import { isSeen, realTiming, RefreshLoop, refreshSeconds, type RefreshState, type Timing } from './refreshLoop';

/** Requests of one refresh, at the most, in accounts larger than one page. */
const mostCalls = 12;
/** Seconds to stay away after a 429 that does not say how long. */
const usualPauseSeconds = 30;

/** Keeps the store fresh, as politely as {@link RefreshLoop} says. */
export class DevboxRefresh<
  Account extends { readonly api: RunloopApi; readonly ended: AbortSignal },
> implements Disposable {
  readonly #store: DevboxStore;
  readonly #accountNow: () => Promise<Account | undefined>;
  readonly #look: () => Pick<RefreshState, 'visible' | 'focused'>;
  readonly #reader: DevboxReader;
  readonly #loop: RefreshLoop;
  #account: Account | undefined;
  readonly #timing: Timing;
  /** When more than the first page was read last. */
  #wholeAt = Number.NEGATIVE_INFINITY;
  #wanted = false;
  #failures = 0;

  constructor(options: {
    readonly store: DevboxStore;
    /** The account in use; undefined when nobody is signed in. */
    readonly account: () => Promise<Account | undefined>;
    /** Whether the user sees the list. */
    readonly look: () => Pick<RefreshState, 'visible' | 'focused'>;
    readonly onError: (error: unknown) => void;
    readonly timing?: Timing;
  }) {
    this.#store = options.store;
    this.#accountNow = options.account;
    this.#look = options.look;
    this.#reader = new DevboxReader(options.store);
    this.#timing = options.timing ?? realTiming;
    this.#loop = new RefreshLoop({
      refresh: (signal, asked) => this.#refresh(signal, asked),
      state: () => this.#state(),
      onError: options.onError,
      timing: this.#timing,
    });
  }

  /** The account that the list was read from last. */
  get account(): Account | undefined {
    return this.#account;
  }

  /** Seconds for which nothing is asked because the server said so; 0: not paused. */
  get pauseSeconds(): number {
    return this.#loop.pauseSeconds;
  }

  /** True while the user sees the list. */
  get isSeen(): boolean {
    return isSeen(this.#state());
  }

  /** Reads the list now; resolves when the store has it. During a pause the last list stays. */
  async now(): Promise<void> {
    this.#wanted = true;
    await this.#loop.now();
  }

  /** Visibility or focus changed. */
  onVisibilityChanged(): void {
    if (this.#look().visible) this.#wanted = true;
    if (this.isSeen) this.#loop.returned();
    else this.#loop.reschedule();
  }

  /** Plans anew after the store changed. */
  reschedule(): void {
    this.#loop.reschedule();
  }

  /** Forgets how far it read, for another account; reads that one's list if anybody wanted one. */
  restart(): void {
    this.#reader.reset();
    this.#failures = 0;
    this.#wholeAt = Number.NEGATIVE_INFINITY;
    this.#account = undefined;
    this.#loop.endPause();
    this.#store.clear();
    if (this.#wanted) void this.#loop.now();
  }

  /** True if more devboxes run than were loaded. */
  get moreRun(): boolean {
    return this.#reader.knowsOfMore('running');
  }

  /** True if the server has more of one of these lists. */
  hasMore(streams: readonly Stream[]): boolean {
    return streams.some((stream) => this.#reader.hasMore(stream));
  }

  /** True if the server said that it has more of one of these lists. */
  knowsOfMore(streams: readonly Stream[]): boolean {
    return streams.some((stream) => this.#reader.knowsOfMore(stream));
  }

  /** Loads one more page of each list. Does nothing during a pause. */
  async more(streams: readonly Stream[], signal: AbortSignal): Promise<void> {
    const account = this.#account;
    if (account === undefined || this.pauseSeconds > 0) return;
    const linked = linkSignals(signal, account.ended);
    try {
      for (const stream of streams) await this.#reader.more(account.api, stream, linked.signal);
    } catch (error) {
      if (!isAborted(account.ended)) throw error;
    } finally {
      linked.dispose();
    }
  }

  dispose(): void {
    this.#loop.dispose();
  }

  #state(): RefreshState {
    return {
      ...this.#look(),
      // After a failure it is not known whether anybody is.
      signedIn: this.#account !== undefined || this.#store.failure !== undefined,
      wanted: this.#wanted,
      inTransition: this.#store.inTransition,
      failures: this.#failures,
    };
  }

  /** Who looks gets the first page often and the rest each minute; nobody, a part each time. */
  async #read(api: RunloopApi, asked: boolean, signal: AbortSignal): Promise<void> {
    const isWhole = asked || this.#timing.now() - this.#wholeAt >= refreshSeconds.whole * 1000;
    if (isWhole && (asked || this.isSeen)) {
      this.#wholeAt = this.#timing.now();
      await this.#reader.read(api, mostCalls, signal);
    } else if (this.isSeen) {
      await this.#reader.readNewest(api, signal);
    } else {
      await this.#reader.read(api, 1, signal);
    }
  }

  async #refresh(stop: AbortSignal, asked: boolean): Promise<void> {
    let linked: LinkedSignal | undefined;
    try {
      const account = await this.#accountNow();
      if (isAborted(stop)) return;
      this.#account = account;
      if (account === undefined) {
        this.#store.signedOut();
        return;
      }
      // What comes for an account that the window has left is no news of the next one's.
      linked = linkSignals(stop, account.ended);
      await this.#read(account.api, asked, linked.signal);
      this.#failures = 0;
    } catch (error) {
      // A base URL that is none, from the settings, and whatever the API refuses: shown where the list would be.
      if (linked !== undefined && isAborted(linked.signal)) return;
      if (!RuntimeError.is(error)) throw error;
      if (error.code === 'rate_limited') this.#loop.pause(error.retryAfterSeconds ?? usualPauseSeconds);
      else this.#failures += 1;
      this.#store.fail(error);
    } finally {
      linked?.dispose();
    }
  }
}
