import { l10n } from 'vscode';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';

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
