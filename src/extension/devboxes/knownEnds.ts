import { isAborted, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { onceRule } from '../../core/http/retryRules';
import { lifetimeEnd, type Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { DevboxStore } from './devboxStore';

/** Milliseconds after a lifetime's end in which the platform ends the devbox. */
const graceMs = 1_500;
/** Looks at single devboxes at one time; where more end at once, the list tells of all. */
const looksAtOnce = 4;
/** Milliseconds that a timer waits at the most; then it is planned anew. */
const longestWaitMs = 3_600_000;

/** Looks once at each devbox whose lifetime is over, at that time by the server's clock, while somebody sees the list. */
export class KnownEnds implements Disposable {
  readonly #store: DevboxStore;
  readonly #account: () => { readonly api: RunloopApi; readonly ended: AbortSignal } | undefined;
  readonly #isSeen: () => boolean;
  readonly #readList: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  /** Ends that were looked at, by devbox. */
  readonly #looked = new Map<string, number>();
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
    let next = Number.POSITIVE_INFINITY;
    for (const devbox of this.#store.devboxes) {
      const ends = this.#unseenEnd(devbox);
      // What ended before the list was read is in it.
      if (ends !== undefined && ends + graceMs > nowMs) next = Math.min(next, ends + graceMs);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(longestWaitMs, Math.max(0, next - nowMs));
    this.#timer = setTimeout(() => {
      this.#look().catch(this.#onError);
    }, waitMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #unseenEnd(devbox: Devbox): number | undefined {
    const ends = devbox.status === 'running' ? lifetimeEnd(devbox) : undefined;
    return ends === undefined || this.#looked.get(devbox.id) === ends ? undefined : ends;
  }

  async #look(): Promise<void> {
    const account = this.#account();
    if (account === undefined || !this.#isSeen()) return;
    const { api, ended } = account;
    const nowMs = api.clock.now();
    const over = this.#store.devboxes.filter((devbox) => (this.#unseenEnd(devbox) ?? nowMs) + graceMs <= nowMs);
    for (const devbox of over) this.#looked.set(devbox.id, lifetimeEnd(devbox) ?? 0);
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
