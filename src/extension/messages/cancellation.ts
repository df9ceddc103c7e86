import type { CancellationToken } from 'vscode';
import { endedBy } from '../../core/errors';

/**
 * Runs `work` with a signal that follows the editor's cancellation token: the core knows signals only. The
 * subscription ends with the work.
 */
export async function withSignal<T>(token: CancellationToken, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const subscription = token.onCancellationRequested(() => controller.abort());
  if (token.isCancellationRequested) controller.abort();
  try {
    return await work(controller.signal);
  } finally {
    subscription.dispose();
  }
}

/**
 * What comes, unless the signal ends first: for what goes on by itself, and is only not waited for any more.
 *
 * @throws RuntimeError `cancelled`, or what the signal was ended with
 */
export async function unlessAborted<T>(coming: Thenable<T>, signal: AbortSignal, devboxId?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(endedBy(signal, devboxId));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    Promise.resolve(coming)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', end));
  });
}
