import { l10n, ProgressLocation, window } from 'vscode';
import { linkSignals } from '../../ground/deadline';
import { RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { Account, SignedIn } from '../account/account';
import { accountChanged, mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { unlessAborted, withSignal } from '../messages/cancellation';
import type { RuntimeServices } from './runtimeFor';
import type { Sessions } from './sessions';

/** What attaching takes. */
export interface AttachServices extends RuntimeServices {
  readonly account: Account;
  readonly sessions: Sessions;
}

/** Whether a devbox that is suspended is resumed, which costs money: only for somebody who asked for it. */
export interface AttachOptions {
  readonly resumeSuspended: boolean;
}

/**
 * The runtime of a devbox, attached to with progress unless this window is already.
 *
 * @param account the one in which the devbox was chosen: no other one is asked for it
 * @param options by default a suspended one is resumed: whoever calls this does so for a click
 * @throws RuntimeError if the devbox cannot be attached to, or the user cancelled; `account_changed`
 */
export async function attached(
  services: AttachServices,
  account: SignedIn,
  devbox: Devbox,
  options: AttachOptions = { resumeSuspended: true },
): Promise<RunloopRuntime> {
  const location = ProgressLocation.Notification;
  const title = l10n.t('Attaching to {0}…', devboxLabel(devbox));
  mustStillBe(account, devbox.id);
  services.devboxUse.used(devbox.id);
  const known = services.sessions.get(devbox.id);
  if (known !== undefined) {
    const isLost = known.state === 'disconnected' || services.sessions.healthOf(devbox.id) === 'unreachable';
    if (!isLost) return known;
    // What the window could not do by itself: it may start the server again.
    await window.withProgress({ location, cancellable: true, title }, (_progress, token) =>
      withSignal(token, (signal) => known.reconnect({ ...options, signal })),
    );
    services.sessions.noteHealth(devbox.id, 'answers');
    return known;
  }
  const joined = services.sessions.attaching(devbox.id);
  if (joined !== undefined) {
    try {
      return await window.withProgress({ location, cancellable: true, title }, (_progress, token) =>
        withSignal(token, (signal) => unlessAborted(joined, signal, devbox.id)),
      );
    } catch (error) {
      // The one that was joined was begun by nobody's click, and left it suspended.
      if (!options.resumeSuspended || !RuntimeError.is(error, 'devbox_suspended')) throw error;
    }
  }
  return services.sessions.attach(devbox.id, async () =>
    window.withProgress({ location, cancellable: true, title }, (_progress, token) =>
      withSignal(token, (signal) => attach(services, account, devbox.id, { ...options, signal, isUnasked: false })),
    ),
  );
}

/**
 * The runtime of a devbox that this window was attached to before, with no more than a line in the status bar. One that is
 * suspended stays so: nobody has asked for it.
 *
 * @param account the one that it was attached to for: no other one is asked for it
 * @throws RuntimeError `devbox_suspended`, `account_changed`, or if the devbox cannot be attached to
 */
export async function attachedQuietly(
  services: AttachServices,
  account: SignedIn,
  devboxId: string,
): Promise<RunloopRuntime> {
  const location = ProgressLocation.Window;
  const title = l10n.t('Attaching to {0}…', oneLine(devboxId, 30));
  const { sessions } = services;
  return (
    sessions.get(devboxId) ??
    sessions.attaching(devboxId) ??
    sessions.attach(devboxId, async () =>
      window.withProgress({ location, title }, () =>
        attach(services, account, devboxId, { resumeSuspended: false, isUnasked: true }),
      ),
    )
  );
}

async function attach(
  services: AttachServices,
  account: SignedIn,
  devboxId: string,
  {
    resumeSuspended,
    isUnasked,
    signal,
  }: AttachOptions & { readonly isUnasked: boolean; readonly signal?: AbortSignal },
): Promise<RunloopRuntime> {
  // The runtime core is read when something is attached to.
  const { runtimeFor } = await import('./runtimeFor');
  const target = { attachToExisting: true, devboxId, resumeSuspended, isUnasked };
  const runtime = await runtimeFor(services, account, target);
  const { ended } = account;
  const linked = linkSignals(ended, signal);
  try {
    await runtime.connect({ signal: linked.signal });
  } catch (error) {
    throw ended.aborted ? accountChanged(devboxId) : error;
  } finally {
    linked.dispose();
  }
  if (!services.sessions.add(devboxId, runtime, ended)) throw accountChanged(devboxId);
  return runtime;
}
