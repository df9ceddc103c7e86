import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { isAborted, RuntimeError, isTransient } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { isChanging, knownStatuses } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { DevboxStore } from './devboxStore';

/** Seconds that one long poll is held, below the server's own limit of 30. */
const holdSeconds = 25;
/** Milliseconds between two long polls, for servers that do not hold. */
const spacingMs = 1_000;
/** Longest wait for a devbox that does not settle; the list goes on telling of it afterwards. */
const boundMs = 15 * 60_000;

/** Devboxes that are followed at a time because somebody sees them; what else changes, the list tells. */
const mostSeen = 8;
/** Milliseconds in which one that the server does not let be followed is not tried again for who sees it. */
const refusedMs = 60_000;

/**
 * Follows devboxes that this window has set in motion, or that somebody sees changing, by long polls, one for each, until they run, are suspended or
 * have ended: news come at once, and the list need not be read often.
 */
export class TransitionFollower implements Disposable {
  readonly #store: DevboxStore;
  readonly #onError: (error: unknown) => void;
  readonly #running = new Map<string, AbortController>();
  /** Those that are followed only while somebody sees them. */
  readonly #seen = new Set<string>();
  /** When following ended with an error, by devbox: else each end would begin the next one at once. */
  readonly #refusedAt = new Map<string, number>();

  constructor(store: DevboxStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Starts following; harmless for a devbox that is followed already, or that the store does not know changing. */
  follow(api: RunloopApi, devboxId: string): void {
    this.#seen.delete(devboxId);
    if (this.#running.has(devboxId)) return;
    const stop = new AbortController();
    this.#running.set(devboxId, stop);
    const following = this.#store.follow(devboxId);
    this.#poll(api, devboxId, deadline(boundMs, stop.signal))
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        this.#refusedAt.set(devboxId, performance.now());
        this.#onError(error);
      })
      .finally(() => {
        this.#running.delete(devboxId);
        this.#seen.delete(devboxId);
        following.dispose();
      });
  }

  /** Follows what changes, as far as there is room, while somebody sees it. */
  followSeen(api: RunloopApi): void {
    const now = performance.now();
    for (const [id, at] of this.#refusedAt) if (now - at >= refusedMs) this.#refusedAt.delete(id);
    for (const { id, status } of this.#store.snapshot.values()) {
      // A server that refuses one refuses all, as a rule.
      if (this.#seen.size + this.#refusedAt.size >= mostSeen) return;
      if (!isChanging(status) || this.#running.has(id) || this.#refusedAt.has(id)) continue;
      this.follow(api, id);
      this.#seen.add(id);
    }
  }

  /** Nobody sees the list any more: what this window has set in motion is followed on. */
  stopSeen(): void {
    for (const id of this.#seen) this.#running.get(id)?.abort();
    this.#seen.clear();
  }

  /** Stops following everything, for example after signing out. */
  stopAll(): void {
    for (const stop of this.#running.values()) stop.abort();
    this.#refusedAt.clear();
  }

  dispose(): void {
    this.stopAll();
  }

  async #poll(api: RunloopApi, devboxId: string, signal: AbortSignal): Promise<void> {
    while (!isAborted(signal)) {
      const status = this.#store.get(devboxId)?.status;
      if (status === undefined || !isChanging(status)) return;
      const asked = Date.now();
      try {
        const others = knownStatuses.filter((other) => other !== status);
        const devbox = await api.devboxes.waitForStatus(devboxId, others, holdSeconds, { signal });
        if (devbox !== undefined && !isAborted(signal)) this.#store.update(devbox, this.#seen.has(devboxId));
      } catch (error) {
        if (isAborted(signal)) return;
        if (!isTransient(error)) throw error;
        const seconds = RuntimeError.is(error) ? (error.retryAfterSeconds ?? 5) : 5;
        await sleep(seconds * 1000, undefined, { signal });
      }
      await sleep(Math.max(0, asked + spacingMs - Date.now()), undefined, { signal });
    }
  }
}
