import type { CancellationToken } from 'vscode';

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
