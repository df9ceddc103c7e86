import { setTimeout as sleep } from 'node:timers/promises';
import { l10n, ProgressLocation, window } from 'vscode';
import { withSignal } from './cancellation';

/** Milliseconds after which what is quick as a rule shows that it is waited for. */
const shownAfterMs = 1_000;

/**
 * Asks Runloop for something that comes at once as a rule. Where it takes longer, a message says so, with a button to give
 * up: a click must not seem to do nothing.
 *
 * @param title what is waited for; a general word by default
 * @throws what `work` throws; RuntimeError `cancelled` from it when the user gives up
 */
export async function whenSlow<T>(
  work: (signal: AbortSignal) => Promise<T>,
  title: string = l10n.t('Waiting for Runloop…'),
): Promise<T> {
  const giveUp = new AbortController();
  const arrived = new AbortController();
  const result = work(giveUp.signal).finally(() => arrived.abort());
  // True when it is late; false when it has arrived, or failed, in time.
  const late = sleep(shownAfterMs, true, { signal: arrived.signal }).catch(() => false);
  if (!(await late)) return result;
  return window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title },
    (_progress, token) =>
      withSignal(token, async (signal) => {
        signal.addEventListener('abort', () => giveUp.abort());
        return result;
      }),
  );
}
