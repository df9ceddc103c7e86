import { basename } from 'node:path';
import { l10n, window } from 'vscode';
import { openClone } from '../../../core/changes/home/clone';
import { sendable, type Sendable } from '../../../core/changes/home/send';
import { RuntimeError } from '../../../core/errors';
import { apiTransfer } from '../../../core/files/fileTransfer';
import { shownName } from '../../../core/files/pathText';
import { changesProblem } from '../../../core/problems/changes';
import { saysYes } from '../../messages/ask';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { listText } from '../../messages/listText';
import { meantRepository, type ChangeCommandServices } from '../changeCommands';
import { inProgress } from '../inProgress';
import { chosenClone } from './clonePreview';

/** Files that a question names, and those that are told beside them. */
const toldFiles = 12;
const toldOthers = 5;

/** Makes what a clone has beyond a devbox's repository uncommitted changes there, after a look at what becomes of it. */
export async function sendChanges(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const repository = await meantRepository(services, argument);
  if (repository === undefined) return;
  const { devboxId, top, name, look, changes } = repository;
  const folder = await chosenClone(l10n.t('Select the clone whose changes are sent to {0}', name));
  if (folder === undefined) return;
  const [box, local] = [escapeForEditor(name), escapeForEditor(basename(folder))];
  const reading = l10n.t('Comparing {0} with {1} in the devbox…', local, box);
  const found = await inProgress(reading, look, async (signal) => {
    const clone = await openClone(folder, signal);
    const now = await look.changes.read(top, signal);
    const { format, head } = now.report;
    if (clone.format !== format) {
      const problem = changesProblem('home_other_format', { local: clone.format, remote: format });
      throw new RuntimeError({ problem, devboxId });
    }
    if (head === '') throw new RuntimeError({ problem: changesProblem('send_unrelated'), devboxId });
    return sendable({ changes: look.changes, transfer: apiTransfer(look.api), devboxId }, now, { clone, signal });
  });
  if (found === undefined) {
    await window.showInformationMessage(l10n.t('{0} has no changes that {1} in the devbox does not have.', local, box));
    return;
  }
  try {
    for (const [id, paths] of [
      ['send_no_fit', found.conflicts],
      ['send_blocked', found.blocked],
    ] as const) {
      if (paths.length === 0) continue;
      throw new RuntimeError({ problem: changesProblem(id, { name: box, files: someNames(paths) }), devboxId });
    }
    if (found.files.length === 0) {
      await window.showInformationMessage([l10n.t('Nothing can be sent.'), ...stayingLines(found)].join(' '));
      return;
    }
    const isYes = await saysYes({
      question: l10n.t(
        'Send the changes in {0} to {1} in the devbox? Files: {2}',
        basename(folder),
        name,
        found.files.length.toLocaleString(),
      ),
      detail: detailOf(found),
      yes: l10n.t('Send Changes'),
    });
    if (!isYes) return;
    // Half-way is no place to stop.
    await inProgress(l10n.t('Sending the changes in {0}…', local), look, (signal) => found.send(signal), false);
    await changes.look(devboxId, new Set([top]));
    await window.showInformationMessage(
      l10n.t('The changes in {0} are now uncommitted changes of {1} in the devbox.', local, box),
    );
  } finally {
    await found.dispose();
  }
}

function detailOf(found: Sendable): string {
  const { files } = found;
  const lines = files.slice(0, toldFiles).map(({ path, kind }) => {
    const shown = shownName(path);
    if (kind === 'added') return l10n.t('• {0} (new)', shown);
    if (kind === 'deleted') return l10n.t('• {0} (will be deleted)', shown);
    return kind === 'merged' ? l10n.t('• {0} (merged with changes in the devbox)', shown) : `• ${shown}`;
  });
  if (files.length > toldFiles) lines.push(l10n.t('… and {0} more', files.length - toldFiles));
  lines.push('', ...stayingLines(found));
  lines.push(
    l10n.t(
      'All that is not ignored is sent, untracked files too. It arrives uncommitted; commits and branches there stay as they are.',
    ),
  );
  return lines.join('\n');
}

/** What differs, but is not sent. */
function stayingLines({ staying }: Sendable): readonly string[] {
  return staying.length === 0 ? [] : [l10n.t('Submodules and filtered files are not sent: {0}', someNames(staying))];
}

function someNames(paths: readonly string[]): string {
  const names = paths.slice(0, toldOthers).map(shownName);
  return listText(paths.length > toldOthers ? [...names, '…'] : names);
}
