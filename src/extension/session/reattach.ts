import { isAborted, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { hasEnded } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import type { AttachServices } from './attach';

/**
 * Attaches again, in the background, to what the window was attached to before a reload, a restart or a change of the
 * account. A window that was attached to nothing does nothing here; a devbox that is suspended is shown so, and resumed when
 * somebody asks for it.
 */
export function reattach(services: AttachServices): Disposable {
  const begin = (): void => {
    if (services.sessions.remembered.isEmpty) return;
    reattachAll(services).catch((error: unknown) => services.log.failure('Attaching again', error));
  };
  // After the activation, which must stay short.
  const soon = setTimeout(begin, 0);
  const subscription = services.account.onDidChange(begin);
  return {
    dispose: () => {
      clearTimeout(soon);
      subscription.dispose();
    },
  };
}

async function reattachAll(services: AttachServices): Promise<void> {
  const account = await services.account.current();
  if (account === undefined) return;
  const { attachedQuietly } = await import('./attach');
  for (const devboxId of services.sessions.remembered.of(account.baseUrl)) {
    // The next account has its own; this one's are remembered for when the window comes back to it.
    if (isAborted(account.ended)) return;
    if (services.sessions.isAttached(devboxId)) continue;
    try {
      await attachedQuietly(services, account, devboxId);
    } catch (error) {
      if (!RuntimeError.is(error, 'devbox_suspended')) services.log.failure(`Attaching to ${devboxId} again`, error);
      if (!isAborted(account.ended)) await forgetIfGone(services, account, devboxId, error);
    }
  }
}

/** A devbox that ended meanwhile is told of once; one that cannot be reached now is tried again by the next window. */
async function forgetIfGone(
  services: AttachServices,
  { api, ended }: SignedIn,
  devboxId: string,
  error: unknown,
): Promise<void> {
  if (RuntimeError.is(error, 'devbox_ended') || RuntimeError.is(error, 'devbox_suspended')) {
    const devbox = await api.devboxes.retrieve(devboxId, { signal: ended });
    // Only what is so now is told: it may have been suspended meanwhile, and has not ended.
    if (!hasEnded(devbox.status)) {
      services.store.update(devbox);
      return;
    }
    services.sessions.detach(devboxId);
    const { notifyEnded } = await import('./endNotice');
    notifyEnded(services, devbox);
    // A refusal is none: the key may have lost its rights, or somebody on the way has refused it.
  } else if (RuntimeError.is(error) && ['devbox_not_found', 'not_found'].includes(error.code)) {
    services.sessions.detach(devboxId);
  }
}
