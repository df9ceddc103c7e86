import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import { isAborted, RuntimeError } from '../../core/errors';
import { Emitter, type Disposable } from '../../core/events';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Announced, Eviction } from './order/news';

/** Milliseconds before a stream that ended is opened again: at first, at the most, and at the most where it is refused. */
const againMs = { first: 1_000, longest: 30_000, refused: 300_000 } as const;
/** Milliseconds after its deadline in which an eviction still counts: then it did not come. */
const lateMs = 60_000;
/** Milliseconds before its deadline from which a suspend is the eviction's. */
const earlyMs = 1_000;

interface WatchedAccount {
  readonly api: RunloopApi;
  readonly ended: AbortSignal;
}

/**
 * Hears which devboxes Runloop is about to suspend, while something runs and somebody wants to know: one stream that is silent as
 * a rule. A server that has no such stream, or no such right for the key, is asked once; what somebody on the way says instead
 * is asked about again, ever more seldom.
 */
export class EvictionWatch implements Disposable {
  readonly #store: DevboxStore;
  readonly #onError: (error: unknown) => void;
  readonly #announced = new Map<string, Announced>();
  readonly #evicted = new Emitter<Eviction>();
  readonly onDidAnnounce = this.#evicted.on;
  #isOffered = true;
  #watching: AbortController | undefined;

  constructor(store: DevboxStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** The eviction of a devbox that is still to come, or has suspended it. @param nowMs by the server's clock */
  of(devboxId: string, nowMs: number): Announced | undefined {
    const found = this.#announced.get(devboxId);
    if (found === undefined) return undefined;
    const devbox = this.#store.get(devboxId);
    const suspendedMs = devbox?.transitions.findLast(({ status }) => status === 'suspended')?.timeMs;
    // Suspended before that, somebody was faster.
    const hasCome = suspendedMs !== undefined && suspendedMs >= found.deadlineMs - earlyMs;
    const isTold = devbox?.status === 'suspended' ? hasCome : !hasCome && nowMs < found.deadlineMs + lateMs;
    return isTold ? found : undefined;
  }

  /** The list, or who wants to know, has changed. @param account the one that is watched; undefined: none is */
  plan(account: WatchedAccount | undefined): void {
    if (account === undefined || !this.#store.devboxes.some(({ status }) => status === 'running')) {
      this.#watching?.abort();
      this.#watching = undefined;
      return;
    }
    if (this.#watching !== undefined || !this.#isOffered) return;
    const watching = new AbortController();
    this.#watching = watching;
    const linked = linkSignals(watching.signal, account.ended);
    this.#watch(account.api, linked.signal)
      .catch((error: unknown) => {
        if (!isAborted(linked.signal)) this.#onError(error);
      })
      .finally(() => {
        linked.dispose();
        if (this.#watching === watching) this.#watching = undefined;
      });
  }

  /** The account has changed. */
  stop(): void {
    this.plan(undefined);
    this.#announced.clear();
    this.#isOffered = true;
  }

  dispose(): void {
    this.#watching?.abort();
    this.#evicted.dispose();
  }

  async #watch(api: RunloopApi, signal: AbortSignal): Promise<void> {
    const [{ StreamUnavailable }, { isOfApi }] = await Promise.all([
      import('../../core/platform/logRequest'),
      import('../../core/platform/apiErrors'),
    ]);
    let pauseMs: number = againMs.first;
    while (!isAborted(signal)) {
      let waitMs = 0;
      let longestMs: number = againMs.longest;
      try {
        for await (const { devboxId, deadlineMs } of api.evictions.watch(signal)) {
          pauseMs = againMs.first;
          this.#hear(devboxId, deadlineMs, api.clock.now());
        }
      } catch (error) {
        if (isAborted(signal)) return;
        if (error instanceof StreamUnavailable || isRefused(error)) {
          if (error instanceof StreamUnavailable ? error.isOfApi : isOfApi(error)) {
            this.#isOffered = false;
            return;
          }
          longestMs = againMs.refused;
        }
        // A cut is usual for a stream that stays open: it is opened again, and tells anew of what is pending.
        if (RuntimeError.is(error)) waitMs = (error.retryAfterSeconds ?? 0) * 1000;
      }
      await sleep(Math.max(pauseMs, waitMs), undefined, { signal });
      pauseMs = Math.min(pauseMs * 2, longestMs);
    }
  }

  #hear(devboxId: string, deadlineMs: number, heardMs: number): void {
    if (this.#announced.get(devboxId)?.deadlineMs === deadlineMs) return;
    this.#announced.set(devboxId, { deadlineMs, heardMs });
    this.#evicted.fire({ devboxId, deadlineMs });
  }
}

/** The key may not do this, and will not be allowed to by asking again. */
function isRefused(error: unknown): boolean {
  return (
    RuntimeError.is(error) && (error.status === 401 || error.status === 403 || error.problem.id === 'foreign_refusal')
  );
}
