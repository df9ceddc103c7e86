import { l10n, Uri, window, workspace } from 'vscode';
import { parseRepository } from '../../core/start/startChoices';
import { shown, withChoices, type StartStep, type Valued } from './answers';
import { tellOfMissingFolder } from './realFolder';
import { pickStep, textStep } from './steps';

type Content = 'nothing' | 'repository' | 'other' | 'virtual' | { readonly folder: string };

/** What the workspace begins with: nothing, a clone of a repository, or files of this computer. */
export const contentStep: StartStep = async (answers, header) => {
  const { repository, folder } = answers.choices;
  const open = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const virtual = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme !== 'file');
  const known = folder === undefined || open.some(({ uri }) => uri.fsPath === folder) ? [] : [folder];
  const upload = (path: string, name: string): Valued<Content> => ({
    label: `$(cloud-upload) ${l10n.t('Upload the folder {0}', shown(name))}`,
    description: shown(path),
    detail: l10n.t('skips what .gitignore lists; asks about files that look like secrets'),
    value: { folder: path },
  });
  const items: Valued<Content>[] = [
    { label: `$(circle-slash) ${l10n.t('Nothing')}`, description: l10n.t('an empty workspace'), value: 'nothing' },
    {
      label: `$(repo-clone) ${l10n.t('Clone a repository…')}`,
      description: repository === undefined ? l10n.t('from GitHub') : `${repository.owner}/${repository.name}`,
      value: 'repository',
    },
    ...open.map(({ uri, name }) => upload(uri.fsPath, name)),
    ...known.map((path) => upload(path, path.split('/').at(-1) ?? path)),
    ...virtual.map(({ name }): Valued<Content> => ({
      label: `$(cloud-upload) ${l10n.t('Upload the folder {0}', shown(name))}`,
      description: l10n.t('not available: it is not on this computer'),
      value: 'virtual',
    })),
    { label: `$(folder-opened) ${l10n.t('Upload another folder…')}`, value: 'other' },
  ];
  for (;;) {
    const isActive = ({ value }: Valued<Content>): boolean =>
      typeof value === 'object'
        ? value.folder === folder
        : value === (repository === undefined ? 'nothing' : 'repository') && folder === undefined;
    const result = await pickStep(header, { placeHolder: l10n.t('Initial content of the workspace'), items, isActive });
    if (result.kind !== 'next') return result;
    const picked = result.value[0]?.value ?? 'nothing';
    if (picked === 'nothing') return withChoices(answers, { repository: undefined, folder: undefined });
    if (typeof picked === 'object') return withChoices(answers, { repository: undefined, folder: picked.folder });
    if (picked === 'virtual') {
      await tellOfMissingFolder();
      continue;
    }
    if (picked === 'other') {
      const chosen = await otherFolder();
      if (chosen !== undefined) return withChoices(answers, { repository: undefined, folder: chosen });
      continue;
    }
    const typed = await textStep(header, {
      prompt: l10n.t('GitHub repository to clone, as owner/name'),
      value: repository === undefined ? '' : `${repository.owner}/${repository.name}`,
      problem: (text) =>
        parseRepository(text) === undefined ? l10n.t('Enter owner/name or https://github.com/owner/name.') : undefined,
    });
    if (typed.kind === 'left') return typed;
    if (typed.kind === 'next') {
      return withChoices(answers, { repository: parseRepository(typed.value.text), folder: undefined });
    }
  }
};

async function otherFolder(): Promise<string | undefined> {
  const beside = workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  const chosen = await window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: l10n.t('Upload'),
    title: l10n.t('Folder to upload into the workspace of the devbox'),
    ...(beside === undefined ? {} : { defaultUri: Uri.joinPath(beside, '..') }),
  });
  const folder = chosen?.[0];
  if (folder !== undefined && folder.scheme !== 'file') await tellOfMissingFolder();
  return folder?.scheme === 'file' ? folder.fsPath : undefined;
}
