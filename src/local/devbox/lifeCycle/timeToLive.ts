import { longestTimerMs } from '../../../ground/deadline';
import type { Ending } from './status';

/** A devbox whose age has a limit. */
export interface AgingDevbox {
  readonly id: string;
  /** `createdAt` in Unix milliseconds. */
  readonly record: { readonly createdAt: number };
  readonly log: { append(entry: { source: 'setup_commands'; level: 'error'; message: string }): void };
  end(ending: Ending): Promise<void>;
}

/**
 * The platform's own limit on the age of devboxes (`--devbox-ttl-seconds`). It counts from creation, goes on while a
 * devbox is suspended or the platform is not there, and no rule of the devbox lifts it.
 */
export class TimeToLive {
  readonly #seconds: number;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Ends the devbox when its time is over. */
  watch(devbox: AgingDevbox): void {
    const left = devbox.record.createdAt + this.#seconds * 1_000 - Date.now();
    const timer = setTimeout(
      () => {
        devbox.log.append({
          source: 'setup_commands',
          level: 'error',
          message: `The devbox is ${this.#seconds} s old, which is all that this platform gives a devbox (--devbox-ttl-seconds).`,
        });
        void devbox.end({ status: 'shutdown', reason: 'ttl_expired' });
      },
      Math.min(Math.max(left, 0), longestTimerMs),
    );
    this.#timers.set(devbox.id, timer);
  }

  /** The devbox has ended. */
  forget(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Stops all clocks. */
  dispose(): void {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers.clear();
  }
}
