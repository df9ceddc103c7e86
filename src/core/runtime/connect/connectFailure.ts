import { cancelled, RuntimeError, saidBy } from '../../errors';
import { devboxProblem } from '../../problems/devbox';

/** What ended a connect, as the error that is told. */
export function connectFailure(
  error: unknown,
  circumstances: {
    readonly isCancelled: boolean;
    readonly isLate: boolean;
    readonly limitMs: number;
    readonly devboxId: string | undefined;
  },
): RuntimeError {
  const { devboxId } = circumstances;
  // What may run unseen is told, also to somebody who has cancelled.
  if (RuntimeError.is(error, 'start_unknown')) return error;
  if (circumstances.isCancelled) return cancelled(devboxId);
  if (circumstances.isLate) {
    return new RuntimeError({
      problem: devboxProblem('connecting_too_long', { seconds: Math.round(circumstances.limitMs / 1000) }),
      devboxId,
      cause: error,
    });
  }
  if (RuntimeError.is(error)) return error;
  return new RuntimeError({
    problem: devboxProblem('connecting_failed', { why: saidBy(error) }),
    devboxId,
    cause: error,
  });
}
