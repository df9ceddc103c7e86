import { l10n, window } from 'vscode';
import { oneLine } from '../../core/safeText';
import type { RuntimeEvent } from '../../core/runtime/runtimeStatus';
import { statusWord } from '../devboxes/devboxText';
import { escapeForEditor } from '../messages/escapeForEditor';
import { listText } from '../messages/listText';

/** What a person is told while waiting; undefined for events that say nothing new. */
export function progressText(event: RuntimeEvent): string | undefined {
  if (event.type === 'waiting') {
    return event.reason === 'rate_limited'
      ? l10n.t('requests limited, retrying in {0} s', event.seconds)
      : l10n.t('no connection, retrying in {0} s', event.seconds);
  }
  if (event.type === 'upload') {
    if (event.sent >= 0) return uploadText(event.sent, event.files);
    return event.files === 1 ? l10n.t('1 file uploaded') : l10n.t('{0} files uploaded', event.files);
  }
  if (event.type !== 'phase') return undefined;
  switch (event.phase) {
    case 'creating':
      return l10n.t('creating…');
    case 'provisioning':
      // "running" would read as if it were ready.
      if (event.devbox?.status === 'running') return l10n.t('starting the action server…');
      return `${event.devbox === undefined ? l10n.t('provisioning') : statusWord(event.devbox.status)}…`;
    case 'startingServer':
      return l10n.t('starting the action server…');
    case 'settingUp':
      return l10n.t('setting up the workspace…');
    case 'ready':
      return l10n.t('ready');
    default:
      return undefined;
  }
}

/** How much of a folder has gone up. */
export function uploadText(sent: number, files: number): string {
  const megabytes = (sent / 1_000_000).toFixed(1);
  return files === 1
    ? l10n.t('uploading 1 file, {0} MB…', megabytes)
    : l10n.t('uploading {0} files, {1} MB…', files, megabytes);
}

/** Paths that are named; the others are counted. */
const mostPaths = 5;

/** Says what of a folder did not go up, as nobody would miss it before it is needed. */
export function tellLeftOut(paths: readonly string[]): void {
  const named = paths.slice(0, mostPaths).map((path) => escapeForEditor(oneLine(path, 60)));
  const more = paths.length - named.length;
  void window.showWarningMessage(
    l10n.t(
      'Not uploaded: {0}. Links to outside the folder, names that are not UTF-8 and special files cannot be uploaded.',
      listText(more > 0 ? [...named, l10n.t('and {0} more', more)] : named),
    ),
  );
}
