import type { ShutdownReason } from './status';
import type { Lifetime } from './spec';

/** Ends a devbox by itself: at the end of its fixed lifetime, or when it has been idle for long enough. */
export class LifetimeClock {
  readonly #lifetime: Lifetime;
  readonly #onEnd: (reason: ShutdownReason) => void;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** Starts the fixed lifetime; idleness counts from `running()` on. */
  constructor(lifetime: Lifetime, onEnd: (reason: ShutdownReason) => void) {
    this.#lifetime = lifetime;
    this.#onEnd = onEnd;
    if (lifetime.keepAliveSeconds !== undefined) {
      this.#keepAlive = setTimeout(() => onEnd('keep_alive_timeout'), lifetime.keepAliveSeconds * 1_000);
    }
  }

  /** The devbox runs: from here on it can be idle. */
  running(): void {
    if (this.#lifetime.idleSeconds !== undefined) {
      this.#idle = setTimeout(() => this.#onEnd('idle'), this.#lifetime.idleSeconds * 1_000);
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
