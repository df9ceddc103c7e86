import type { Disposable } from '../../events';
import type { Devbox } from '../../platform/devbox';

/** Milliseconds before the end of a devbox's life that its user is told. */
const warnBeforeMs = 5 * 60_000;
/** Longer timers than this overflow. */
const longestTimerMs = 2_000_000_000;

export interface LifetimeOptions {
  readonly devbox: Pick<Devbox, 'createTimeMs' | 'keepAliveSeconds' | 'idleRule'>;
  readonly onExpiring: (seconds: number) => void;
}

/**
 * Warns before the fixed end of a devbox, while a runtime is ready (D21). One with an idle rule has none: it is use that
 * renews it (core/activity), and nothing else.
 */
export function watchLifetime({ devbox, onExpiring }: LifetimeOptions): Disposable {
  const { createTimeMs, keepAliveSeconds, idleRule } = devbox;
  if (idleRule !== undefined || createTimeMs === undefined || keepAliveSeconds === undefined) {
    return { dispose: () => undefined };
  }
  const leftMs = (): number => createTimeMs + keepAliveSeconds * 1000 - Date.now();
  const untilWarning = Math.min(Math.max(leftMs() - warnBeforeMs, 0), longestTimerMs);
  const timer = setTimeout(() => onExpiring(Math.max(0, Math.round(leftMs() / 1000))), untilWarning);
  timer.unref();
  return { dispose: () => clearTimeout(timer) };
}
