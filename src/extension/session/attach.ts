import { l10n, ProgressLocation, window } from 'vscode';
import { linkSignals } from '../../ground/deadline';
import { oneLine } from '../../core/plainText';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { Account } from '../account/account';
import { accountChanged } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { withSignal } from '../messages/cancellation';
import type { RuntimeServices } from './runtimeFor';
import type { Sessions } from './sessions';

/** What attaching takes. */
export interface AttachServices extends RuntimeServices {
  readonly account: Account;
  readonly sessions: Sessions;
}

/**
 * The runtime of a devbox, attached to with progress unless this window is already.
 *
 * @throws RuntimeError if the devbox cannot be attached to, or the user cancelled
 */
export async function attached(services: AttachServices, devbox: Devbox): Promise<RunloopRuntime> {
  const known = services.sessions.get(devbox.id);
  if (known !== undefined) return known;
  const location = ProgressLocation.Notification;
  const title = l10n.t('Attaching to {0}…', devboxLabel(devbox));
  const joined = services.sessions.attaching(devbox.id);
  if (joined !== undefined) return window.withProgress({ location, title }, () => joined);
  return services.sessions.attach(devbox.id, async () =>
    window.withProgress({ location, cancellable: true, title }, (_progress, token) =>
      withSignal(token, (signal) => attach(services, devbox.id, signal)),
    ),
  );
}

/**
 * The runtime of a devbox that this window was attached to before, with no more than a line in the status bar.
 *
 * @throws RuntimeError if the devbox cannot be attached to
 */
export async function attachedQuietly(services: AttachServices, devboxId: string): Promise<RunloopRuntime> {
  const location = ProgressLocation.Window;
  const title = l10n.t('Attaching to {0}…', oneLine(devboxId, 30));
  const { sessions } = services;
  return (
    sessions.get(devboxId) ??
    sessions.attaching(devboxId) ??
    sessions.attach(devboxId, async () => window.withProgress({ location, title }, () => attach(services, devboxId)))
  );
}

async function attach(services: AttachServices, devboxId: string, signal?: AbortSignal): Promise<RunloopRuntime> {
  const account = await services.account.require();
  // The runtime core is read when something is attached to.
  const { runtimeFor } = await import('./runtimeFor');
  const runtime = await runtimeFor(services, account, { attachToExisting: true, devboxId });
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
