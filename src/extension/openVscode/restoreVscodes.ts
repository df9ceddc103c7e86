import type { Disposable } from '../../core/events';
import type { RestoreServices } from './serveAgain';

/**
 * Answers again, after a reload, under the addresses of the VS Codes that this window has opened: pages of them may be open,
 * and find back by themselves. Those with an action server are served once the window is attached to them again. A window
 * that has opened none reads no code for it.
 */
export function restoreVscodes(services: RestoreServices): Disposable {
  const { rememberedVscodes, log } = services;
  // After the activation, which must stay short.
  const soon = setTimeout(() => {
    const { all } = rememberedVscodes;
    if (all.length === 0) return;
    import('./serveAgain')
      .then(({ serveAgain }) => serveAgain(services, all))
      .catch((error: unknown) => log.failure('Serving addresses again', error));
  }, 0);
  return { dispose: () => clearTimeout(soon) };
}
