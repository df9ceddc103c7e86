import type { Lifetime } from '../spec';

/** Why a devbox's time is over. */
export type TimeOver = 'keep_alive_timeout' | 'idle';

/** The longest time a timer takes, in milliseconds; more than three weeks is as good as never. */
const longestTimer = 2 ** 31 - 1;

/** Watches one run of a devbox: its lifetime, which counts from its start, and its idleness. */
export class LifetimeClock {
  readonly #lifetime: Lifetime;
  readonly #onEnd: (reason: TimeOver) => void;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** Starts the fixed lifetime; idleness counts from `running()` on. */
  constructor(lifetime: Lifetime, onEnd: (reason: TimeOver) => void) {
    this.#lifetime = lifetime;
    this.#onEnd = onEnd;
    if (lifetime.keepAliveSeconds !== undefined) {
      this.#keepAlive = setTimeout(() => onEnd('keep_alive_timeout'), milliseconds(lifetime.keepAliveSeconds));
    }
  }

  /** The devbox runs: from here on it can be idle. */
  running(): void {
    if (this.#lifetime.idleSeconds !== undefined) {
      this.#idle = setTimeout(() => this.#onEnd('idle'), milliseconds(this.#lifetime.idleSeconds));
    }
  }

  /** Something used the devbox. */
  touch(): void {
    this.#idle?.refresh();
  }

  /** Stops both clocks. */
  dispose(): void {
    clearTimeout(this.#keepAlive);
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }
}

function milliseconds(seconds: number): number {
  return Math.min(seconds * 1_000, longestTimer);
}
