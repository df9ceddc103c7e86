import { setTimeout as sleep } from 'node:timers/promises';
import type { Timing } from '../../../../src/extension/devboxes/refreshLoop';

/** Time that passes when the test says so, so that an hour of refreshing takes a second. */
export class ManualTiming implements Timing {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  get planned(): number {
    return this.#timers.size;
  }

  after(milliseconds: number, run: () => void): { dispose(): void } {
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return { dispose: () => this.#timers.delete(timer) };
  }

  /** Lets seconds pass; what a timer starts is done, and has planned the next timer, before time goes on. */
  async pass(seconds: number): Promise<void> {
    const end = this.#now + seconds * 1000;
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      const limit = Date.now() + 10_000;
      while (this.#timers.size === 0) {
        if (Date.now() > limit) throw new Error('The refresh has not planned another one.');
        await sleep(1);
      }
    }
    this.#now = end;
  }
}
