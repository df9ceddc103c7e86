import { startDeadline } from '../../../ground/deadline';
import { RuntimeError } from '../../errors';
import type { CallOptions } from '../../platform/apiCalls';
import type { RuntimeEvent } from '../runtimeStatus';
import { connectFailure } from './connectFailure';

/** What calls of one step of a runtime carry: they can always be ended. */
export type CallLimits = CallOptions & { readonly signal: AbortSignal };

export interface DeadlineOptions {
  /** Milliseconds that all of it may take. */
  readonly limitMs: number;
  /** The caller's own signal. */
  readonly outer: AbortSignal | undefined;
  /** Ends with the runtime. */
  readonly abandon: AbortSignal;
  readonly fire: (event: RuntimeEvent) => void;
  readonly devboxId: () => string | undefined;
}

/**
 * Runs `work` under one deadline, the caller's signal and the end of the runtime, and tells of each wait in it.
 *
 * @throws RuntimeError `cancelled`, `deadline`, or what `work` throws
 */
export async function withinDeadline(
  bounds: DeadlineOptions,
  work: (call: CallLimits) => Promise<void>,
): Promise<void> {
  const { limitMs, outer, abandon } = bounds;
  const limit = startDeadline(limitMs, abandon, outer);
  try {
    await work({
      signal: limit.signal,
      onWait: ({ error, seconds }) =>
        bounds.fire({
          type: 'waiting',
          reason: RuntimeError.is(error, 'rate_limited') ? 'rate_limited' : 'network',
          seconds: Math.ceil(seconds),
        }),
    });
  } catch (error) {
    throw connectFailure(error, {
      isCancelled: outer?.aborted === true || abandon.aborted,
      isLate: limit.isOver,
      limitMs,
      devboxId: bounds.devboxId(),
    });
  } finally {
    limit.dispose();
  }
}
