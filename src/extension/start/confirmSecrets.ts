import { l10n, window } from 'vscode';
import { oneLine } from '../../core/safeText';
import { whenSlow } from '../messages/whenSlow';
import { workspaceFiles } from '../../core/actionServer/transfer/workspaceFiles';

/** Milliseconds that looking through a folder may take. */
const folderLimitMs = 600_000;
/** Paths that the question names; the others are counted. */
const mostPaths = 15;

/**
 * Asks whether files that look like secrets are uploaded as well, before anything is started; anything but a clear yes
 * leaves them out. Asks nothing for a folder without such files.
 *
 * @throws RuntimeError `transfer` if the folder cannot be read
 */
export async function maySecretsGo(folder: string): Promise<boolean> {
  const { secrets } = await whenSlow((signal) => workspaceFiles(folder, signal), {
    title: l10n.t('Checking the folder…'),
    limitMs: folderLimitMs,
  });
  if (secrets.length === 0) return false;
  const upload = l10n.t('Upload These Files');
  const leave = l10n.t('Skip These Files');
  const more = secrets.length - mostPaths;
  const list = [
    ...secrets.slice(0, mostPaths).map((path) => oneLine(path, 120)),
    ...(more > 0 ? [l10n.t('and {0} more', more)] : []),
  ];
  const answer = await window.showWarningMessage(
    l10n.t('Upload files that look like secrets ({0}) to the devbox?', secrets.length),
    { modal: true, detail: list.join('\n') },
    { title: upload },
    // Instead of a Cancel: the start goes on without them.
    { title: leave, isCloseAffordance: true },
  );
  return answer?.title === upload;
}
