import { l10n, window, workspace } from 'vscode';
import type { Arrival } from '../../../core/changes/home/clone';
import { shownName } from '../../../core/files/pathText';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { listText } from '../../messages/listText';

/** Odd names that a question tells. */
const toldNames = 5;

/** A folder of the workspace, or one that is chosen. */
export async function chosenClone(question: string): Promise<string | undefined> {
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const other = l10n.t('Choose Another Folder…');
  if (folders.length > 0) {
    const items = [
      ...folders.map((folder) => ({
        label: escapeForEditor(folder.name),
        description: folder.uri.fsPath,
        path: folder.uri.fsPath,
      })),
      { label: other, description: '', path: undefined },
    ];
    const chosen = await window.showQuickPick(items, { placeHolder: question });
    if (chosen === undefined || chosen.path !== undefined) return chosen?.path;
  }
  const [uri] = (await window.showOpenDialog({ title: question, canSelectFiles: false, canSelectFolders: true })) ?? [];
  return uri?.scheme === 'file' ? uri.fsPath : undefined;
}

/** What is odd about names that are brought home, for a question. */
export function oddLines(oddNames: Arrival['oddNames']): readonly string[] {
  const lines: string[] = [];
  const names = (fault: Arrival['oddNames'][number]['fault']): string => {
    const all = oddNames.filter((one) => one.fault === fault).map(({ path }) => shownName(path));
    return listText(all.length > toldNames ? [...all.slice(0, toldNames), '…'] : all);
  };
  const [links, submodules] = [names('linkOut'), names('submodule')];
  const [windows, doubled] = [names('windows'), names('case')];
  if (links !== '') lines.push(l10n.t('Links that point outside the repository: {0}', links));
  if (submodules !== '') lines.push(l10n.t('Submodules, whose commits are not included: {0}', submodules));
  if (windows !== '') lines.push(l10n.t('Names that are not valid on Windows: {0}', windows));
  if (doubled !== '') {
    lines.push(l10n.t('Names that differ by case alone, of which macOS and Windows keep one: {0}', doubled));
  }
  return lines;
}
