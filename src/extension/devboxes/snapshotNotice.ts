import { l10n } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Devbox } from '../../core/platform/devbox';
import { oneLine } from '../../core/safeText';
import { snapshotDevbox } from '../../core/platform/snapshotDevbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { devboxLabel } from './devboxText';

/** A snapshot, and the devbox whose other choices a new one from it takes over. */
export interface SnapshotToStart {
  readonly snapshotId: string;
  readonly like: string;
}

/** Says what was kept in a snapshot, with a way to start a devbox from it. */
export function offerStartFrom({ log }: { readonly log: Log }, text: string, from: SnapshotToStart): void {
  const start = { title: l10n.t('Start From It…'), command: 'runloop.startWithOptions', argument: from } as const;
  showActions('information', text, [start], log);
}

/** The devbox's name, whole and as it is: names of one run may differ in what a message leaves out. */
function nameOfSnapshot({ id, name }: Devbox): string {
  const whole = oneLine(name ?? '', 1_000);
  return whole === '' ? id : whole;
}

/**
 * Takes a snapshot with the devbox's name. Who cancels it is told that it may be taken all the same, and paid for: Runloop
 * goes on with what was asked for.
 *
 * @returns its id
 */
export async function takeSnapshot(
  { api, log, signal }: { readonly api: RunloopApi; readonly log: Log; readonly signal: AbortSignal },
  devbox: Devbox,
): Promise<string> {
  const label = devboxLabel(devbox);
  try {
    return await snapshotDevbox(api, devbox.id, nameOfSnapshot(devbox), { signal });
  } catch (error) {
    if (RuntimeError.is(error, 'cancelled')) {
      showActions('information', l10n.t('The snapshot of {0} may still be completed.', label), [], log);
    }
    throw error;
  }
}
