import { ProgressLocation, window } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { linkSignals } from '../../ground/deadline';
import { mustStillBe } from '../account/accountChanged';
import { withSignal } from '../messages/cancellation';
import type { DevboxLook } from './devboxLook';

/**
 * Does something that takes a while, which ends when it is cancelled, where it can be, and with the account.
 *
 * @throws RuntimeError where the account has changed, before it or meanwhile
 */
export async function inProgress<T>(
  title: string,
  { signal: ofAccount }: DevboxLook,
  work: (signal: AbortSignal) => Promise<T>,
  cancellable = true,
): Promise<T> {
  mustStillBe({ ended: ofAccount });
  return window.withProgress({ location: ProgressLocation.Notification, title, cancellable }, (_progress, token) =>
    withSignal(token, async (given) => {
      const either = linkSignals(given, ofAccount);
      try {
        return await work(either.signal);
      } catch (error) {
        // Nobody cancelled it, so it must not be passed over in silence.
        if (RuntimeError.is(error, 'cancelled')) mustStillBe({ ended: ofAccount });
        throw error;
      } finally {
        either.dispose();
      }
    }),
  );
}
