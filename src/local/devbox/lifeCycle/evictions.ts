import type { FaultTarget } from './faultHooks';

/** A devbox that is to be suspended although nobody asked for it. */
export interface Eviction {
  readonly devboxId: string;
  /** Unix milliseconds after which it is suspended. */
  readonly deadline: number;
}

/** What is evicted: a devbox while it runs. */
export interface EvictedDevbox extends FaultTarget {
  /** @throws DevboxError `wrong_state` unless it runs */
  suspend(why: string): void;
}

/** Evictions that are pending, and those who watch for them. An eviction ends in a suspend. */
export class Evictions {
  readonly #pending = new Map<string, Eviction>();
  readonly #watching = new Set<(eviction: Eviction) => void>();

  /**
   * Announces an eviction and carries it out.
   * @param noticeMs milliseconds from now to the suspend
   * @param running aborts when the devbox does not run any more: then there is nothing to evict
   */
  schedule(devbox: EvictedDevbox, noticeMs: number, running: AbortSignal): void {
    if (running.aborted || this.#pending.has(devbox.id)) {
      return;
    }
    const eviction = { devboxId: devbox.id, deadline: Date.now() + noticeMs };
    const forget = (): void => {
      clearTimeout(timer);
      this.#pending.delete(devbox.id);
    };
    const timer = setTimeout(() => {
      running.removeEventListener('abort', forget);
      forget();
      devbox.suspend('it was evicted from where it ran');
    }, noticeMs);
    running.addEventListener('abort', forget, { once: true });
    this.#pending.set(devbox.id, eviction);
    for (const tell of [...this.#watching]) {
      tell(eviction);
    }
  }

  /** The evictions that are pending, then those that are announced, until the signal aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<Eviction> {
    const told = [...this.#pending.values()];
    let wake = (): void => undefined;
    const tell = (eviction: Eviction): void => {
      told.push(eviction);
      wake();
    };
    const end = (): void => wake();
    this.#watching.add(tell);
    signal.addEventListener('abort', end);
    try {
      while (!signal.aborted) {
        const next = told.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
        } else {
          yield next;
        }
      }
    } finally {
      this.#watching.delete(tell);
      signal.removeEventListener('abort', end);
    }
  }
}
