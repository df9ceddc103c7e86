import { l10n, window } from 'vscode';
import { messageOf } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import { endDevbox } from '../../core/platform/endDevbox';
import type { Devbox } from '../../core/platform/devbox';
import { redact } from '../../core/redact';
import { mayStillRun } from '../../core/start/notedStart';
import { accountMark } from '../../core/start/notes/startNote';
import type { UnsettledStart } from '../../core/start/unsettledStarts';
import type { SignedIn } from '../account/account';
import { devboxLabel } from '../devboxes/devboxText';
import { escapeForEditor } from '../messages/escapeForEditor';
import { listText } from '../messages/listText';
import { showFailure } from '../messages/showFailure';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import type { BrokenStartServices } from './brokenStarts';

/**
 * Asks what is to become of a start that was broken off. Without an answer nothing happens, and the next window asks.
 *
 * @param lookAgain looks at all of them anew
 */
export async function askAboutStart(
  services: Omit<BrokenStartServices, 'account' | 'startNotes' | 'hasStartNotes'>,
  { api, ended }: SignedIn,
  start: UnsettledStart,
  lookAgain: () => void,
): Promise<void> {
  const name = escapeForEditor(oneLine(start.name, 60));
  if (start.kind === 'unknown') {
    const again = l10n.t('Check Again');
    const reason = escapeForEditor(oneLine(redact(messageOf(start.failure)), 200));
    const text = l10n.t(
      'The start of devbox {0} was interrupted, and it is not known whether it is running: {1}',
      name,
      reason,
    );
    if ((await window.showWarningMessage(text, again)) === again) lookAgain();
    return;
  }
  if (!ended.aborted) for (const devbox of start.devboxes) services.store.update(devbox);
  const shutDown = l10n.t('Shut Down');
  const keep = l10n.t('Keep');
  const answer = await window.showWarningMessage(
    l10n.t(
      'The start of devbox {0} was interrupted. It may still be running and cost money: {1}.',
      name,
      listText(start.devboxes.map((devbox) => `${devboxLabel(devbox)} (${devbox.id})`)),
    ),
    shutDown,
    keep,
  );
  if (answer === keep) {
    for (const { id } of start.devboxes) await services.startedHere.started(id, accountMark(api));
    await start.settle();
  }
  if (answer === shutDown) await shutDownAll(services, { api, ended }, start);
}

async function shutDownAll(
  services: Omit<BrokenStartServices, 'account' | 'startNotes' | 'hasStartNotes'>,
  { api, ended }: Pick<SignedIn, 'api' | 'ended'>,
  start: UnsettledStart,
): Promise<void> {
  const { sessions, store, sessionKeys, log } = services;
  for (const devbox of start.devboxes) {
    let last: Devbox | undefined;
    try {
      last = await whenSlow((signal) => endDevbox(api, devbox.id, { signal }), {
        title: l10n.t('Shutting down {0}…', devboxLabel(devbox)),
        limitMs: listLimitMs,
      });
    } catch (error) {
      // The note stays: the next window asks again.
      showFailure(`Shutting down ${devbox.id}`, mayStillRun(devbox.id, error), log, undefined, { account: { ended } });
      return;
    }
    sessions.detach(devbox.id);
    if (last === undefined || ended.aborted) store.remove(devbox.id);
    else store.update(last);
    await sessionKeys.delete(devbox.id);
    void window.showInformationMessage(l10n.t('Devbox {0} was shut down.', devboxLabel(devbox)));
  }
  await start.settle();
}
