import { setTimeout as sleep } from 'node:timers/promises';
import { l10n, ProgressLocation, window } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { unlessAborted, withSignal } from './cancellation';
import { extensionProblem } from './extensionProblems';

/** Milliseconds that looking up one thing may take in all. */
export const lookUpLimitMs = 30_000;
/** Milliseconds that reading a whole list may take, or many things one by one. */
export const listLimitMs = 120_000;

/** Milliseconds after which what is quick as a rule shows that it is waited for. */
const shownAfterMs = 1_000;

/**
 * Asks Runloop for something that comes at once as a rule. Where it takes longer, a message says so, with a button to give
 * up: a click must not seem to do nothing.
 *
 * @param options.title what is waited for; a general word by default
 * @param options.limitMs milliseconds after which it is given up
 * @throws what `work` throws; RuntimeError `cancelled` from it when the user gives up, `deadline` when the time is over
 */
export async function whenSlow<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { title = l10n.t('Waiting for Runloop…'), limitMs }: { readonly title?: string; readonly limitMs: number },
): Promise<T> {
  const giveUp = new AbortController();
  const arrived = new AbortController();
  const limit = setTimeout(() => giveUp.abort(tooLate(limitMs)), limitMs);
  // Also where the work does not end with its signal.
  const result = unlessAborted(work(giveUp.signal), giveUp.signal).finally(() => {
    clearTimeout(limit);
    arrived.abort();
  });
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

/** The time that was really waited, however many tries were made in it. */
function tooLate(limitMs: number): RuntimeError {
  return new RuntimeError({ problem: extensionProblem('look_up_too_long', { seconds: limitMs / 1_000 }) });
}
