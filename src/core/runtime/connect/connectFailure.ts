import { cancelled, messageOf, RuntimeError } from '../../errors';
import { oneLine } from '../../plainText';
import { redact } from '../../redact';

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
  if (RuntimeError.is(error, 'start_unknown') || RuntimeError.is(error, 'may_still_run')) return error;
  if (circumstances.isCancelled) return cancelled(devboxId);
  if (circumstances.isLate) {
    return new RuntimeError({
      code: 'deadline',
      message: `Connecting took longer than ${Math.round(circumstances.limitMs / 1000)} s.`,
      nextStep: 'Show the output of the devbox, then try again.',
      devboxId,
      cause: error,
    });
  }
  if (RuntimeError.is(error)) return error;
  return new RuntimeError({
    code: 'unexpected_answer',
    message: `Connecting failed: ${oneLine(redact(messageOf(error)), 300)}`,
    nextStep: 'Please report this, with the output of the devbox.',
    devboxId,
    cause: error,
  });
}
