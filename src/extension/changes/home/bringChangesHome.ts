import { basename } from 'node:path';
import { l10n, window } from 'vscode';
import { openClone } from '../../../core/changes/home/clone';
import { receivePatch, type ArrivedChanges } from '../../../core/changes/home/uncommitted';
import { shownName } from '../../../core/files/pathText';
import { saysYes } from '../../messages/ask';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { meantRepository, type ChangeCommandServices } from '../changeCommands';
import { chosenClone, oddLines } from './clonePreview';
import { inProgress } from '../inProgress';

/** Files that a question names. */
const toldFiles = 12;

/** Makes what is not committed in a devbox's repository uncommitted changes of a clone, after a look at what comes. */
export async function bringChangesHome(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const repository = await meantRepository(services, argument);
  if (repository === undefined) return;
  const { top, name, look } = repository;
  const { report } = repository.about.repository;
  const folder = await chosenClone(l10n.t('Select the clone that gets the changes in {0}', name));
  if (folder === undefined) return;
  const arrived = await inProgress(
    l10n.t('Fetching the changes in {0}…', escapeForEditor(name)),
    look,
    async (signal) => {
      const clone = await openClone(folder, signal);
      return receivePatch(clone, { patch: await look.changes.patch(top, 'head', signal), signal });
    },
  );
  if (arrived === undefined) {
    await window.showInformationMessage(
      l10n.t('{0} has no uncommitted changes that the clone does not have.', escapeForEditor(name)),
    );
    return;
  }
  try {
    const isYes = await saysYes({
      question: l10n.t('Apply the changes in {0} to {1}? Files: {2}', name, basename(folder), arrived.paths.length),
      detail: detailOf(arrived, report.head),
      yes: l10n.t('Apply Changes'),
      harmless: arrived.oddNames.length === 0,
    });
    if (!isYes) return;
    const title = l10n.t('Applying the changes in {0}…', escapeForEditor(name));
    // Half-way is no place to stop.
    await inProgress(title, look, (signal) => arrived.apply(signal), false);
    const [box, clone] = [escapeForEditor(name), escapeForEditor(basename(folder))];
    await window.showInformationMessage(l10n.t('The changes in {0} are staged in {1}.', box, clone));
  } finally {
    await arrived.dispose();
  }
}

function detailOf({ head, paths, oddNames }: ArrivedChanges, devboxHead: string): string {
  const lines = paths.slice(0, toldFiles).map((path) => `• ${shownName(path)}`);
  if (paths.length > toldFiles) lines.push(l10n.t('… and {0} more', paths.length - toldFiles));
  lines.push('');
  if (head !== devboxHead) {
    const [here, there] = [head.slice(0, 8), devboxHead.slice(0, 8)];
    lines.push(
      l10n.t('The clone is at another commit ({0}) than the devbox ({1}). The changes fit all the same.', here, there),
    );
  }
  lines.push(...oddLines(oddNames));
  lines.push(l10n.t('They are staged, not committed. Ignored files and your branches stay as they are.'));
  return lines.join('\n');
}
