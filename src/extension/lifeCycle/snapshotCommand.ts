import { l10n, ProgressLocation, window } from 'vscode';
import { snapshotDevbox } from '../../core/platform/lifeCycle';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { offerStartFrom } from '../devboxes/snapshotNotice';
import { devboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { withSignal } from '../messages/cancellation';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';

/** Saves the disk of a running devbox as a snapshot of its name, and offers to start another one from it. */
export async function snapshotCommand(
  { account, store, log }: DevboxSources & { readonly log: Log },
  argument: unknown,
): Promise<void> {
  const signedIn = await account.require();
  const { api } = signedIn;
  const placeHolder = l10n.t('Select a devbox to take a snapshot of');
  const devbox = await devboxFor({ account, store }, argument, { placeHolder, runningOnly: true });
  if (devbox === undefined) return;
  mustStillBe(signedIn, devbox.id);
  const label = devboxLabel(devbox);
  const title = l10n.t('Taking a snapshot of {0}…', label);
  const snapshotId = await window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title },
    (_progress, token) => withSignal(token, (signal) => snapshotDevbox(api, devbox.id, label, { signal })),
  );
  if (signedIn.ended.aborted) {
    // Whoever pays for it must know; a devbox of this account cannot be started from it.
    showActions(
      'information',
      l10n.t('Snapshot {0} was taken in the account that this window used before.', label),
      [],
      log,
    );
    return;
  }
  offerStartFrom({ log }, l10n.t('Snapshot {0} was taken.', label), { snapshotId, like: devbox.id });
}
