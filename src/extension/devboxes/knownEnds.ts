import { isAborted, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { onceRule } from '../../core/http/retryRules';
import { lifetimeEnd, type Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { DevboxStore } from './devboxStore';

/** Milliseconds after a lifetime's end in which the platform ends the devbox; one that is busy takes longer: four times as many each time. */
const graceMs = 1_500;
const mostLooks = 3;
/** Looks at single devboxes at one time; where more end at once, the list tells of all. */
const looksAtOnce = 4;
/** Milliseconds that a timer waits at the most; then it is planned anew. */
const longestWaitMs = 3_600_000;

/** Looks at each devbox whose lifetime is over, at that time by the server's clock, while somebody sees the list. */
export class KnownEnds implements Disposable {
  readonly #store: DevboxStore;
  readonly #account: () => { readonly api: RunloopApi; readonly ended: AbortSignal } | undefined;
  readonly #isSeen: () => boolean;
  readonly #readList: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  /** Ends that were looked at, by devbox, and how often. */
  readonly #looked = new Map<string, { readonly ends: number; readonly times: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly store: DevboxStore;
    readonly account: () => { readonly api: RunloopApi; readonly ended: AbortSignal } | undefined;
    readonly isSeen: () => boolean;
    readonly readList: () => Promise<void>;
    readonly onError: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#account = options.account;
    this.#isSeen = options.isSeen;
    this.#readList = options.readList;
    this.#onError = options.onError;
  }

  /** Plans anew after the list, or who sees it, has changed. */
  plan(): void {
    clearTimeout(this.#timer);
    const account = this.#account();
    if (account === undefined || !this.#isSeen()) return;
    const nowMs = account.api.clock.now();
    let next = Infinity;
    for (const devbox of this.#store.devboxes) {
      const at = this.#nextLook(devbox);
      // What ended before the list was read is in it.
      if (at > nowMs) next = Math.min(next, at);
    }
    if (next === Infinity) return;
    const waitMs = Math.min(longestWaitMs, Math.max(0, next - nowMs));
    this.#timer = setTimeout(() => {
      this.#look().catch(this.#onError);
    }, waitMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  /** When to look at it next; never is infinite. */
  #nextLook(devbox: Devbox): number {
    const ends = devbox.status === 'running' ? lifetimeEnd(devbox) : undefined;
    const times = this.#timesLooked(devbox.id, ends);
    return ends === undefined || times === mostLooks ? Infinity : ends + graceMs * 4 ** times;
  }

  #timesLooked(devboxId: string, ends: number | undefined): number {
    const looked = this.#looked.get(devboxId);
    return looked?.ends === ends ? (looked?.times ?? 0) : 0;
  }

  async #look(): Promise<void> {
    const account = this.#account();
    if (account === undefined || !this.#isSeen()) return;
    const { api, ended } = account;
    const nowMs = api.clock.now();
    const over = this.#store.devboxes.filter((devbox) => this.#nextLook(devbox) <= nowMs);
    for (const devbox of over) {
      const ends = lifetimeEnd(devbox) ?? 0;
      this.#looked.set(devbox.id, { ends, times: this.#timesLooked(devbox.id, ends) + 1 });
    }
    if (over.length > looksAtOnce) await this.#readList();
    else await Promise.all(over.map(({ id }) => this.#lookAt(api, id, ended)));
    this.plan();
  }

  async #lookAt(api: RunloopApi, devboxId: string, signal: AbortSignal): Promise<void> {
    try {
      const devbox = await api.devboxes.retrieve(devboxId, { signal, rule: onceRule });
      if (!isAborted(signal)) this.#store.update(devbox, true);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!RuntimeError.is(error, 'not_found')) throw error;
      this.#store.remove(devboxId);
    }
  }
}
