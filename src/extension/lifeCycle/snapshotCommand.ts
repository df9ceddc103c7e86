import { l10n, ProgressLocation, window } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { RuntimeError } from '../../core/errors';
import { hasEnded } from '../../core/platform/devbox';
import { mustStillBe } from '../account/accountChanged';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { offerStartFrom, takeSnapshot } from '../devboxes/snapshotNotice';
import { livingDevboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { withSignal } from '../messages/cancellation';
import { commandProblem } from '../messages/commandProblems';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';

/** Saves the disk of a devbox as a snapshot of its name, and offers to start another one from it. */
export async function snapshotCommand(
  { account, store, log }: DevboxSources & { readonly log: Log },
  argument: unknown,
): Promise<void> {
  const signedIn = await account.require();
  const { api } = signedIn;
  const placeHolder = l10n.t('Select a devbox to take a snapshot of');
  const chosen = await livingDevboxFor({ account, store }, argument, { placeHolder, runningOnly: true });
  if (chosen === undefined) return;
  // A row, a message or a link may be older than what became of it.
  const devbox = await whenSlow((signal) => api.devboxes.retrieve(chosen.id, { signal, rule }), {
    limitMs: lookUpLimitMs,
  });
  mustStillBe(signedIn, devbox.id);
  store.update(devbox);
  const label = devboxLabel(devbox);
  if (hasEnded(devbox.status)) {
    throw new RuntimeError({ problem: commandProblem('ended_already', { devbox: label }), devboxId: devbox.id });
  }
  // Whether the disk of a suspended one can be saved, Runloop does not say beforehand (contract §2.12): it is asked.
  if (devbox.status !== 'running' && devbox.status !== 'suspended') {
    const text = l10n.t(
      'No snapshot was taken: {0} is {1}. Try again when it is running.',
      label,
      statusWord(devbox.status),
    );
    showActions('information', text, [], log);
    return;
  }
  const title = l10n.t('Taking a snapshot of {0}…', label);
  const snapshotId = await window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title },
    (_progress, token) => withSignal(token, (signal) => takeSnapshot({ api, log, signal }, devbox)),
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
