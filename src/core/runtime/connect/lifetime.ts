import { longestTimerMs } from '../../../ground/deadline';
import type { Disposable } from '../../events';
import { lifetimeEnd, type Devbox } from '../../platform/devbox';

/** Milliseconds before the end of a devbox's life that its user is told. */
const warnBeforeMs = 5 * 60_000;

export interface LifetimeOptions {
  readonly devbox: Pick<Devbox, 'createTimeMs' | 'keepAliveSeconds' | 'idleRule' | 'transitions'>;
  readonly onExpiring: (seconds: number) => void;
}

/**
 * Warns before the fixed end of a devbox, while a runtime is ready (D21). One with an idle rule has none: it is use that
 * renews it (core/activity), and nothing else.
 */
export function watchLifetime({ devbox, onExpiring }: LifetimeOptions): Disposable {
  const endMs = lifetimeEnd(devbox);
  if (endMs === undefined) return { dispose: () => undefined };
  const leftMs = (): number => endMs - Date.now();
  const untilWarning = Math.min(Math.max(leftMs() - warnBeforeMs, 0), longestTimerMs);
  const timer = setTimeout(() => onExpiring(Math.max(0, Math.round(leftMs() / 1000))), untilWarning);
  timer.unref();
  return { dispose: () => clearTimeout(timer) };
}
