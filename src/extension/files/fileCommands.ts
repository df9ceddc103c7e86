import { commands, FileChangeType, l10n, window, workspace, WorkspaceEdit } from 'vscode';
import { linkSignals } from '../../ground/deadline';
import type { DevboxFiles } from '../../core/files/devboxFiles';
import { requireName, shownName } from '../../core/files/pathText';
import type { Devbox } from '../../core/platform/devbox';
import { devboxLabel } from '../devboxes/devboxText';
import { saysYes } from '../messages/ask';
import { listText } from '../messages/listText';
import { failureText } from '../messages/showFailure';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import { addressedFile, childAddress, parentAddress } from './fileAddress';
import { meantFiles, type FileServices, type MeantFile } from './fileRow';

/** What opens the row of a folder in the view. */
interface FolderRows {
  readonly tree: { readonly details: { open(row: unknown): Promise<void> } };
}

/** Names that a question tells. */
const toldNames = 5;

/** Makes an empty file in a folder and opens it. */
export async function newFile(services: FileServices & FolderRows, argument: unknown): Promise<void> {
  const [folder] = await meantFiles(services, argument, undefined);
  if (folder === undefined) return;
  const name = await askName(l10n.t('New File in {0}', shownFile(folder)), '');
  if (name === undefined) return;
  const uri = childAddress(folder.uri, name);
  await slowly(services, folder, (files, path, signal) => {
    const options = { create: true, overwrite: false, token: undefined, signal };
    return files.write(inFolder(path, name), { size: 0, bytes: [] }, options);
  });
  await services.fileSystem.changed(FileChangeType.Created, uri);
  await services.tree.details.open(argument);
  await window.showTextDocument(uri);
}

/** Makes a folder in a folder. */
export async function newFolder(services: FileServices & FolderRows, argument: unknown): Promise<void> {
  const [folder] = await meantFiles(services, argument, undefined);
  if (folder === undefined) return;
  const name = await askName(l10n.t('New Folder in {0}', shownFile(folder)), '');
  if (name === undefined) return;
  await slowly(services, folder, (files, path, signal) => files.createFolder(inFolder(path, name), { signal }));
  await services.fileSystem.changed(FileChangeType.Created, childAddress(folder.uri, name));
  await services.tree.details.open(argument);
}

/** Gives a file or folder another name; its editors go with it. */
export async function renameFile(services: FileServices, argument: unknown): Promise<void> {
  const [file] = await meantFiles(services, argument, undefined);
  if (file === undefined || file.name === '') return;
  const name = await askName(l10n.t('Rename {0}', shownFile(file)), file.name);
  if (name === undefined || name === file.name) return;
  const target = childAddress(parentAddress(file.uri), name);
  const key = file.uri.toString();
  const isOpen = workspace.textDocuments.some(({ uri }) => `${uri.toString()}/`.startsWith(`${key}/`));
  if (!isOpen) {
    await slowly(services, file, (files, path, signal) =>
      files.rename(path, target.path, { overwrite: false, signal }),
    );
    await services.fileSystem.changed(FileChangeType.Deleted, file.uri);
    return;
  }
  const edit = new WorkspaceEdit();
  edit.renameFile(file.uri, target, { overwrite: false });
  if (await workspace.applyEdit(edit)) return;
  // It does not say why; the same without it does.
  await slowly(services, file, (files, path, signal) => files.rename(path, target.path, { overwrite: false, signal }));
  await services.fileSystem.changed(FileChangeType.Deleted, file.uri);
}

/** Removes files and folders for good, after a question. */
export async function deleteFiles(services: FileServices, argument: unknown, arguments_: unknown): Promise<void> {
  const files = (await meantFiles(services, argument, arguments_)).filter(({ name }) => name !== '');
  const [first] = files;
  if (first === undefined) return;
  const names = listText(files.slice(0, toldNames).map(shownFile));
  const isYes = await saysYes({
    question:
      files.length > 1
        ? l10n.t('Delete {0} files and folders from the devbox?', files.length)
        : first.isFolder
          ? l10n.t('Delete the folder "{0}" and everything in it from the devbox?', shownFile(first))
          : l10n.t('Delete "{0}" from the devbox?', shownFile(first)),
    detail: files.length > 1 ? l10n.t('{0}. This cannot be undone.', names) : l10n.t('This cannot be undone.'),
    yes: l10n.t('Delete'),
  });
  if (!isYes) return;
  for (const file of files) {
    await slowly(services, file, (of, path, signal) => of.delete(path, { recursive: true, signal }));
    await services.fileSystem.changed(FileChangeType.Deleted, file.uri);
  }
}

/** Opens a folder of a devbox as a folder of the editor. */
export async function openFolderHere(
  services: FileServices & { readonly store: { get(devboxId: string): Devbox | undefined } },
  argument: unknown,
): Promise<void> {
  const [folder] = await meantFiles(services, argument, undefined);
  if (folder === undefined) return;
  const add = l10n.t('Add to This Workspace');
  const open = l10n.t('Open in New Window');
  const chosen = await window.showQuickPick([open, add], { placeHolder: l10n.t('Select where to open the folder') });
  if (chosen === open) await commands.executeCommand('vscode.openFolder', folder.uri, { forceNewWindow: true });
  if (chosen !== add) return;
  const count = workspace.workspaceFolders?.length ?? 0;
  const devbox = services.store.get(addressedFile(folder.uri)?.devboxId ?? '');
  const name = shownFile(folder);
  // Folders of several devboxes have the same names, and those of this computer too.
  workspace.updateWorkspaceFolders(count, 0, {
    uri: folder.uri,
    name: devbox === undefined ? name : l10n.t('{0} ({1})', name, devboxLabel(devbox)),
  });
}

/** Lists a folder anew, and looks at what is open of its devbox. */
export async function refreshFiles(services: FileServices, argument: unknown): Promise<void> {
  for (const { uri } of await meantFiles(services, argument, undefined)) services.fileSystem.refresh(uri);
}

/** A file's name for questions and titles. */
export function shownFile({ name }: MeantFile): string {
  return name === '' ? '/' : shownName(name);
}

async function askName(title: string, value: string): Promise<string | undefined> {
  const name = await window.showInputBox({
    title,
    value,
    prompt: l10n.t('Name in the devbox'),
    valueSelection: [0, value.lastIndexOf('.') > 0 ? value.lastIndexOf('.') : value.length],
    validateInput: (text) => {
      if (text === '') return undefined;
      try {
        requireName(text);
        return undefined;
      } catch (error) {
        return failureText(error);
      }
    },
  });
  // Enter without a name is no error while nothing is typed yet, and means nothing.
  return name === '' ? undefined : name;
}

async function slowly<T>(
  { fileSystem }: FileServices,
  { uri }: MeantFile,
  work: (files: DevboxFiles, path: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { files, path, signal } = await fileSystem.reach(uri);
  return whenSlow(
    async (giveUp) => {
      const either = linkSignals(giveUp, signal);
      try {
        return await work(files, path, either.signal);
      } finally {
        either.dispose();
      }
    },
    { title: l10n.t('Waiting for the devbox…'), limitMs: listLimitMs },
  );
}

/** The path of what is in a folder. */
export function inFolder(folder: string, name: string): string {
  return `${folder === '/' ? '' : folder}/${name}`;
}
