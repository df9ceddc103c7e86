import type { Disposable } from '../../events';
import type { Devbox } from '../../platform/devbox';
import type { IdlePolicy } from '../../options/runtimeOptions';

/** Milliseconds before the end of a devbox's life that its user is told. */
const warnBeforeMs = 5 * 60_000;
/** Longer timers than this overflow. */
const longestTimerMs = 2_000_000_000;

export interface LifetimeOptions {
  readonly devbox: Devbox;
  readonly idle: IdlePolicy | undefined;
  readonly keepAlive: () => Promise<void>;
  readonly onExpiring: (seconds: number) => void;
  /** Keeping alive is not worth failing for; whoever watches may note it. */
  readonly onFailure: (error: unknown) => void;
}

/** Looks after the life of a devbox while a runtime is ready: renews an idle policy, warns before a fixed end (D21). */
export function watchLifetime(options: LifetimeOptions): Disposable {
  const timers: NodeJS.Timeout[] = [];
  if (options.idle !== undefined) {
    const everyMs = Math.min(Math.max((options.idle.afterSeconds * 1000) / 3, 20_000), 600_000);
    timers.push(setInterval(() => void options.keepAlive().catch(options.onFailure), everyMs));
  }
  const { createTimeMs, keepAliveSeconds } = options.devbox;
  if (options.idle === undefined && createTimeMs !== undefined && keepAliveSeconds !== undefined) {
    const leftMs = createTimeMs + keepAliveSeconds * 1000 - Date.now();
    const untilWarning = Math.min(Math.max(leftMs - warnBeforeMs, 0), longestTimerMs);
    const tell = (): void =>
      options.onExpiring(Math.max(0, Math.round((createTimeMs + keepAliveSeconds * 1000 - Date.now()) / 1000)));
    timers.push(setTimeout(tell, untilWarning));
  }
  for (const timer of timers) timer.unref();
  return {
    dispose: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
