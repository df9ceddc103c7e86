import { l10n, ProgressLocation, window } from 'vscode';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopRuntime } from '../../core/runloopRuntime';
import { withSignal } from '../cancellation';
import { devboxLabel } from '../devboxTree/devboxItem';
import type { Services } from '../services';
import { runtimeFor } from './runtimeFor';

/** Attaches under way, so that a second click joins the first instead of starting another. */
const underWay = new Map<string, Promise<RunloopRuntime>>();

/**
 * The runtime of a devbox, attached to with progress unless this window is already.
 *
 * @throws RuntimeError if the devbox cannot be attached to, or the user cancelled
 */
export async function attached(services: Services, devbox: Devbox): Promise<RunloopRuntime> {
  const known = services.sessions.get(devbox.id);
  if (known !== undefined) return known;
  let attaching = underWay.get(devbox.id);
  if (attaching === undefined) {
    attaching = attach(services, devbox).finally(() => underWay.delete(devbox.id));
    underWay.set(devbox.id, attaching);
  }
  return attaching;
}

async function attach(services: Services, devbox: Devbox): Promise<RunloopRuntime> {
  const account = await services.account.require();
  const runtime = runtimeFor(services, account, { attachToExisting: true, devboxId: devbox.id });
  const title = l10n.t('Attaching to {0}…', devboxLabel(devbox));
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (_progress, token) =>
    withSignal(token, (signal) => runtime.connect({ signal })),
  );
  services.sessions.add(devbox.id, runtime);
  return runtime;
}
