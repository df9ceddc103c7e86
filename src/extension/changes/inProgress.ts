import { ProgressLocation, window } from 'vscode';
import { linkSignals } from '../../ground/deadline';
import { withSignal } from '../messages/cancellation';
import type { DevboxLook } from './devboxLook';

/** Does something that takes a while, which ends when it is cancelled, where it can be, and with the account. */
export async function inProgress<T>(
  title: string,
  { signal: ofAccount }: DevboxLook,
  work: (signal: AbortSignal) => Promise<T>,
  cancellable = true,
): Promise<T> {
  return window.withProgress({ location: ProgressLocation.Notification, title, cancellable }, (_progress, token) =>
    withSignal(token, async (given) => {
      const either = linkSignals(given, ofAccount);
      try {
        return await work(either.signal);
      } finally {
        either.dispose();
      }
    }),
  );
}
