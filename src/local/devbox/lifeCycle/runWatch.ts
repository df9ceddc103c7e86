import type { DevboxLog, LogSource } from '../devboxLog';
import type { DevboxRun } from '../run/devboxRun';
import type { DevboxSpec } from '../spec';
import type { FailureReason } from './status';
import type { DevboxContext } from '../devboxContext';

/** A devbox that has processes. */
export interface WatchedDevbox {
  readonly id: string;
  readonly name: string | undefined;
  readonly spec: DevboxSpec;
  readonly log: DevboxLog;
  /** Host folder that is its disk. */
  readonly disk: string;
  /** Ends the devbox as a failure; the message goes to its log, as one of `source` or else of the setup. */
  fail(reason: FailureReason, message: string, source?: LogSource): void;
  /** @throws DevboxError `wrong_state` unless it runs */
  suspend(why: string): void;
}

/**
 * Watches what can end a devbox while it has processes: their loss, and too much use of memory or disk.
 * @returns looks at once: true if it has used too much and is ended for that
 */
export function watchRun(devbox: WatchedDevbox, run: DevboxRun, { usage }: DevboxContext): () => boolean {
  const overLimit = usage.watch({
    scope: run.sandbox.scope,
    group: run.sandbox.group,
    folder: devbox.disk,
    limits: devbox.spec.limits,
    signal: run.signal,
    onExcess: (reason, message) => devbox.fail(reason, message, 'kmsg'),
  });
  void run.sandbox.ended.then(() => {
    if (!run.signal.aborted && !overLimit()) {
      devbox.fail('health_check_failed', 'The processes of the devbox were ended from outside.');
    }
  });
  return overLimit;
}

/** Lets a devbox that runs fail, or be evicted, when that was ordered. */
export function failOnOrder(devbox: WatchedDevbox, run: DevboxRun, { faultHooks, evictions }: DevboxContext): void {
  const failure = faultHooks?.failure(devbox);
  if (failure !== undefined) {
    const timer = setTimeout(
      () => devbox.fail(failure.reason, 'The devbox failed: a fault that was ordered.'),
      failure.afterMs,
    );
    run.signal.addEventListener('abort', () => clearTimeout(timer));
  }
  const eviction = faultHooks?.eviction(devbox);
  if (eviction !== undefined) {
    const timer = setTimeout(() => evictions.schedule(devbox, eviction.noticeMs, run.signal), eviction.afterMs);
    run.signal.addEventListener('abort', () => clearTimeout(timer));
  }
}
