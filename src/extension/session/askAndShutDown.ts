import { l10n, ProgressLocation, window, type MessageItem } from 'vscode';
import { cancelled, RuntimeError } from '../../core/errors';
import { endDevbox } from '../../core/platform/endDevbox';
import { mayStillRun } from '../../core/start/notedStart';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import type { SecretSessionKeys } from '../account/sessionKeys';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import { forEach, namedLines, namesOf } from '../devboxes/severalDevboxes';
import { offerStartFrom, takeSnapshot, type SnapshotToStart } from '../devboxes/snapshotNotice';
import { withSignal } from '../messages/cancellation';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import type { Sessions } from './sessions';

/** Milliseconds between two tries while a snapshot runs. */
const waitMs = 3_000;

/** A snapshot that was taken, by its name. */
interface Taken extends SnapshotToStart {
  readonly name: string;
}

/** What knows of a devbox, and is told that it is gone. */
export interface EndServices {
  readonly sessions: Sessions;
  readonly store: DevboxStore;
  readonly sessionKeys: SecretSessionKeys;
  readonly keepAlive: { off(devboxId: string): void };
  /** Remembers who shut it down, which Runloop does not. */
  readonly endedHere: { ended(devboxId: string): Promise<void> };
  readonly log: Log;
}

/** Asks once for all, then shuts them down: for whatever offers to end devboxes. */
export async function askAndShutDown(
  { sessions, store, sessionKeys, keepAlive, endedHere, log }: EndServices,
  account: SignedIn,
  devboxes: readonly Devbox[],
): Promise<void> {
  const { api } = account;
  const shutDown = l10n.t('Shut Down');
  const snapshotFirst = l10n.t('Take Snapshot First');
  const single = devboxes.length === 1 ? devboxes[0] : undefined;
  const question =
    single === undefined
      ? l10n.t('Shut down {0} devboxes?', devboxes.length)
      : l10n.t('Shut down the devbox {0}?', devboxLabel(single));
  const loss = l10n.t(
    'The disk with everything in the workspace, running processes and unsaved editors are permanently lost.',
  );
  const which = single === undefined ? namedLines(devboxes, ({ id }) => id) : single.id;
  const buttons = devboxes.every(({ status }) => status === 'running') ? [shutDown, snapshotFirst] : [shutDown];
  const answer = await window.showWarningMessage(question, { modal: true, detail: `${loss}\n\n${which}` }, ...buttons);
  if (answer === undefined) return;
  mustStillBe(account);
  const title = l10n.t('Shutting down {0}…', namesOf(devboxes));
  const snapshots: Taken[] = [];
  await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (progress, token) =>
    withSignal(token, async (signal) => {
      let ended = 0;
      const endOne = async (devbox: Devbox): Promise<void> => {
        if (signal.aborted) throw cancelled(devbox.id);
        if (answer === snapshotFirst) {
          progress.report({ message: l10n.t('taking a snapshot of {0}…', devboxLabel(devbox)) });
          const snapshotId = await takeSnapshot({ api, log, signal }, devbox);
          snapshots.push({ name: devboxLabel(devbox), like: devbox.id, snapshotId });
        }
        const last = await shutDownOrWait(api, devbox, signal);
        await endedHere.ended(devbox.id);
        sessions.detach(devbox.id);
        keepAlive.off(devbox.id);
        // It is among those that have ended at once, unless the window shows another account by now.
        if (last === undefined || account.ended.aborted) store.remove(devbox.id);
        else store.update(last);
        await sessionKeys.delete(devbox.id);
        ended += 1;
        progress.report({ message: single === undefined ? l10n.t('{0} of {1}', ended, devboxes.length) : '' });
      };
      try {
        await forEach(devboxes, endOne);
      } finally {
        tellEnded(devboxes, ended, snapshots, { log, canStart: !account.ended.aborted });
      }
    }),
  );
}

/** Says how many have ended for certain, and what is kept of them; what became of the others, a failure tells. */
function tellEnded(
  devboxes: readonly Devbox[],
  ended: number,
  snapshots: readonly Taken[],
  { log, canStart }: { readonly log: Log; readonly canStart: boolean },
): void {
  if (ended === 0) return;
  const [first] = devboxes;
  const said =
    ended < devboxes.length
      ? l10n.t('{0} of {1} devboxes were shut down.', ended, devboxes.length)
      : devboxes.length === 1 && first !== undefined
        ? l10n.t('Devbox {0} was shut down.', devboxLabel(first))
        : l10n.t('{0} devboxes were shut down.', devboxes.length);
  const [snapshot] = snapshots;
  const kept =
    snapshots.length === 1 && snapshot !== undefined
      ? l10n.t('Its disk is kept as the snapshot {0}.', snapshot.name)
      : l10n.t('Their disks are kept as {0} snapshots with the same names.', snapshots.length);
  const text = snapshots.length === 0 ? said : l10n.t('{0} {1}', said, kept);
  // From a snapshot of another account nothing can be started.
  if (canStart && snapshots.length === 1 && snapshot !== undefined) offerStartFrom({ log }, text, snapshot);
  else showActions('information', text, [], log);
}

/**
 * Shuts one devbox down; while a snapshot runs, asks whether to wait for it or to end it.
 *
 * @returns the devbox as it has ended; undefined where the account has none of this id any more
 */
async function shutDownOrWait(api: RunloopApi, devbox: Devbox, signal: AbortSignal): Promise<Devbox | undefined> {
  let wait = false;
  for (;;) {
    try {
      return await endDevbox(api, devbox.id, { signal });
    } catch (error) {
      // Also after a cancellation, which does not bring back a request that is on its way.
      if (!RuntimeError.is(error, 'conflict') || error.status !== 409) throw mayStillRun(devbox.id, error);
    }
    if (!wait) {
      const waiting = { title: l10n.t('Wait for Snapshot') };
      const force = { title: l10n.t('Shut Down Anyway') };
      // Instead of a Cancel, which could mean the snapshot.
      const keep = { title: l10n.t('Keep Devbox'), isCloseAffordance: true };
      const buttons: readonly MessageItem[] = [waiting, force, keep];
      const answer = await window.showWarningMessage(
        l10n.t('A snapshot of {0} is being taken.', devboxLabel(devbox)),
        { modal: true, detail: l10n.t('Shutting down now stops the snapshot, and what it would have saved is lost.') },
        ...buttons,
      );
      if (answer === force) {
        return await endDevbox(api, devbox.id, { signal, force: true }).catch((error: unknown) => {
          throw mayStillRun(devbox.id, error);
        });
      }
      if (answer !== waiting) {
        throw cancelled(devbox.id);
      }
      wait = true;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (signal.aborted) throw cancelled(devbox.id);
  }
}
