import { commands, l10n, window, type QuickPickItem } from 'vscode';
import { linkSignals } from '../../../ground/deadline';
import { RuntimeError } from '../../../core/errors';
import { fileNames } from '../../../core/files/fileSearch';
import { shownName } from '../../../core/files/pathText';
import type { DevboxSources } from '../../devboxes/pickDevbox';
import type { FileServices } from '../fileRow';
import { namesLike } from './nameFilter';
import { searchedFolder } from './searchedFolder';

interface NameItem extends QuickPickItem {
  /** Without one, it is only told that nothing fits. */
  readonly name: string | undefined;
}

/** Opens a file of a devbox by a part of its name. */
export async function goToFile(services: FileServices & DevboxSources, argument: unknown): Promise<void> {
  const folder = await searchedFolder(services, argument);
  if (folder === undefined) return;
  const reached = await services.fileSystem.reach(folder);
  const hidden = new AbortController();
  const either = linkSignals(hidden.signal, reached.signal);
  const pick = window.createQuickPick<NameItem>();
  pick.title = l10n.t('Go to File in {0}', shownName(folder.path));
  pick.placeholder = l10n.t('Type a part of the name');
  pick.busy = true;
  try {
    const chosen = new Promise<string | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const name = pick.selectedItems[0]?.name;
        if (name !== undefined) resolve(name);
      });
      pick.onDidHide(() => {
        hidden.abort();
        resolve(undefined);
      });
    });
    pick.show();
    const { names, isLimited } = await fileNames(reached, reached.path, either.signal);
    const sorted = names.toSorted().map((name) => ({ name, small: name.toLowerCase() }));
    // The editor would be sent all of them, and sort them, at every key: it is given those that fit.
    const draw = (): void => {
      pick.items = itemsLike(sorted, pick.value);
    };
    pick.onDidChangeValue(draw);
    draw();
    if (isLimited) pick.title = `${pick.title} ${l10n.t('(the first {0} files)', names.length.toLocaleString())}`;
    pick.busy = false;
    const name = await chosen;
    if (name === undefined) return;
    const path = `${folder.path === '/' ? '' : folder.path}/${name}`;
    await commands.executeCommand('vscode.open', folder.with({ path }));
  } catch (error) {
    if (!RuntimeError.is(error, 'cancelled')) throw error;
  } finally {
    either.dispose();
    pick.dispose();
  }
}

/** The names that fit a text best, or a row that says that none does. */
export function itemsLike(...[names, text]: Parameters<typeof namesLike>): readonly NameItem[] {
  const like = namesLike(names, text);
  return like.length > 0
    ? like.map(itemOf)
    : [{ name: undefined, label: l10n.t('No matching files'), alwaysShow: true }];
}

function itemOf(name: string): NameItem {
  const at = name.lastIndexOf('/') + 1;
  // A $( in it would be an icon.
  const plain = (text: string): string => shownName(text).replaceAll('$(', '$\u200b(');
  return {
    name,
    label: plain(name.slice(at)),
    description: plain(name.slice(0, Math.max(0, at - 1))),
    alwaysShow: true,
  };
}
