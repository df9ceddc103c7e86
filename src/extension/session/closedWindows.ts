import type { Disposable } from '../../core/events';
import type { Services } from '../services';

/** Asks about devboxes that closed windows left running, once, when the first list of this window is there. */
export function watchClosedWindows(services: Services): Disposable {
  const subscription = services.store.onDidChange(() => {
    if (!services.store.loaded || services.store.devboxes.length === 0) return;
    subscription.dispose();
    if (services.startedHere.ofOtherWindows().length === 0) return;
    ask(services).catch((error: unknown) =>
      services.log.failure('Asking about devboxes of closed windows', error),
    );
  });
  return subscription;
}

async function ask(services: Services): Promise<void> {
  const { askAboutClosedWindows } = await import('../commands/forgottenDevboxes');
  await askAboutClosedWindows(services);
}
