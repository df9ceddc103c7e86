import { longestTimerMs } from '../../../ground/deadline';
import type { Lifetime } from '../spec';

/** Why a devbox's time is over. */
export type TimeOver = 'keep_alive_timeout' | 'idle';

/** Watches one run of a devbox: its lifetime, which counts from its creation, and its idleness. */
export class LifetimeClock {
  readonly #lifetime: Lifetime;
  readonly #onEnd: (reason: TimeOver) => void;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * Idleness counts from `running()` on.
   * @param createdAt Unix milliseconds; a run that begins when that lifetime is over gets another one
   */
  constructor(lifetime: Lifetime, createdAt: number, onEnd: (reason: TimeOver) => void) {
    this.#lifetime = lifetime;
    this.#onEnd = onEnd;
    if (lifetime.keepAliveSeconds !== undefined) {
      const whole = milliseconds(lifetime.keepAliveSeconds);
      const left = createdAt + whole - Date.now();
      this.#keepAlive = setTimeout(() => onEnd('keep_alive_timeout'), left > 0 ? left : whole);
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

/** More than three weeks are as good as never. */
function milliseconds(seconds: number): number {
  return Math.min(seconds * 1_000, longestTimerMs);
}
