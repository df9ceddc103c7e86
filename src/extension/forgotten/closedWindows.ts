import type { Disposable } from '../../core/events';
import type { ForgottenServices } from './forgottenDevboxes';

/** Milliseconds after the activation: a window that was reloaded has told by then that it is there. */
const restMs = 5_000;

/**
 * Asks, once, about devboxes that windows which are closed by now had started and that still run. An editor gives
 * extensions no way to ask while a window closes, so the next window asks. Without such devboxes nothing is done, and
 * nothing is asked of the API.
 */
export function watchClosedWindows(services: ForgottenServices): Disposable {
  const { startedHere, account, log } = services;
  const failed = (error: unknown): void => log.failure('Asking about devboxes of closed windows', error);
  const begin = (): void => {
    if (startedHere.ofClosedWindows().length > 0) ask(services).catch(failed);
  };
  startedHere.resume().catch(failed);
  const soon = setTimeout(begin, restMs);
  const subscription = account.onDidChange(begin);
  return {
    dispose: () => {
      clearTimeout(soon);
      subscription.dispose();
    },
  };
}

async function ask(services: ForgottenServices): Promise<void> {
  const { askAboutClosedWindows } = await import('./forgottenDevboxes');
  await askAboutClosedWindows(services);
}
