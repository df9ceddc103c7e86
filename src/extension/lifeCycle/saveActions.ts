import { l10n } from 'vscode';
import type { MessageAction } from '../messages/showActions';

/** What keeps the disk of a devbox whose lifetime ends. */
export function saveActions(devboxId: string): readonly MessageAction[] {
  return [
    { title: l10n.t('Take Snapshot'), command: 'runloop.snapshotDevbox', argument: devboxId },
    { title: l10n.t('Suspend'), command: 'runloop.suspendDevbox', argument: devboxId },
  ];
}
