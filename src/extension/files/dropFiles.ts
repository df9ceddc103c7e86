import { FileChangeType, FileType, l10n, Uri, workspace, type DataTransfer, type DataTransferFile } from 'vscode';
import { newFileMode } from '../../core/files/fileContent';
import { requireName, shownName } from '../../core/files/pathText';
import { saysYes } from '../messages/ask';
import { listText } from '../messages/listText';
import type { ReachedFiles } from './accountFiles';
import { childAddress, nameOf, parentAddress, addressedFile } from './fileAddress';
import { inFolder, shownFile } from './fileCommands';
import { meantFiles, type MeantFile } from './fileRow';
import {
  mayReplace,
  sendContent,
  tellDone,
  transferring,
  upload,
  uploadedText,
  type Transfer,
  type TransferServices,
} from './transferCommands';

/** What was dropped: something that has an address, or the bytes of a file of the computer in front of which somebody sits. */
type Dropped = { readonly name: string } & ({ readonly uri: Uri } | { readonly file: DataTransferFile });

/** The largest file that is taken from another extension's file system, which gives files whole only. */
const mostBytes = 50 * 1024 * 1024;

/**
 * Takes in what was dropped on the row of a folder, or of a file in it: files of this devbox are moved, after a question, all
 * others are copied.
 */
export async function dropFiles(services: TransferServices, row: unknown, data: DataTransfer): Promise<void> {
  // Both end with the drop: what is in it is asked for first.
  const dropped = await droppedIn(data);
  const [meant] = await meantFiles(services, row, undefined);
  if (meant === undefined || dropped.length === 0) return;
  const uri = meant.isFolder ? meant.uri : parentAddress(meant.uri);
  const folder: MeantFile = { uri, name: nameOf(uri), isFolder: true };
  const isOwn = (one: Dropped): boolean => 'uri' in one && one.uri.authority === uri.authority && isOfDevbox(one.uri);
  const own = dropped.flatMap((one) => ('uri' in one && isOwn(one) ? [one.uri] : []));
  const others = dropped.filter((one) => !isOwn(one));
  if (own.length > 0) await move(services, own, folder);
  if (others.length > 0) await copy(services, others, folder);
}

async function droppedIn(data: DataTransfer): Promise<readonly Dropped[]> {
  const text = (await data.get('text/uri-list')?.asString()) ?? '';
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const uris = lines.map((line) => Uri.parse(line, true));
  if (uris.length > 0) return uris.map((uri) => ({ name: nameOf(uri), uri }));
  const files: DataTransferFile[] = [];
  for (const [, item] of data) {
    const file = item.asFile();
    if (file !== undefined) files.push(file);
  }
  return files.map((file) => ({ name: file.name, ...(file.uri === undefined ? { file } : { uri: file.uri }) }));
}

/** Moves within a devbox, where nothing has to travel. */
async function move(services: TransferServices, uris: readonly Uri[], folder: MeantFile): Promise<void> {
  const path = folder.uri.path.replace(/\/$/, '');
  const moved = uris.filter((uri) => parentAddress(uri).toString() !== folder.uri.toString() && uri.path !== '/');
  const [first] = moved;
  if (first === undefined) return;
  const into = moved.find((uri) => `${path}/`.startsWith(`${uri.path}/`));
  if (into !== undefined) {
    throw new Error(l10n.t('"{0}" cannot be moved into itself.', shownName(nameOf(into))));
  }
  const reached = await services.fileSystem.reach(folder.uri);
  const isYes = await saysYes({
    question:
      moved.length === 1
        ? l10n.t('Move "{0}" into "{1}"?', shownName(nameOf(first)), shownFile(folder))
        : l10n.t('Move {0} files and folders into "{1}"?', moved.length, shownFile(folder)),
    ...(moved.length === 1 ? {} : { detail: listText(moved.slice(0, 5).map((uri) => shownName(nameOf(uri)))) }),
    yes: l10n.t('Move'),
    harmless: true,
  });
  if (!isYes || !(await mayReplace(reached, moved.map(nameOf)))) return;
  for (const uri of moved) {
    const to = childAddress(folder.uri, nameOf(uri));
    await reached.files.rename(uri.path, to.path, { overwrite: true, signal: reached.signal });
    await services.fileSystem.changed(FileChangeType.Deleted, uri);
    await services.fileSystem.changed(FileChangeType.Created, to);
  }
}

async function copy(services: TransferServices, dropped: readonly Dropped[], folder: MeantFile): Promise<void> {
  for (const { name } of dropped) requireName(name);
  const reached = await services.fileSystem.reach(folder.uri);
  if (
    !(await mayReplace(
      reached,
      dropped.map(({ name }) => name),
    ))
  ) {
    return;
  }
  const title = l10n.t('Uploading to {0}', shownFile(folder));
  const done = await transferring(services, reached, title, async (transfer) => {
    for (const one of dropped) await bring(services, transfer, one, inFolder(reached.path, one.name));
  });
  for (const { name } of dropped) {
    await services.fileSystem.changed(FileChangeType.Created, childAddress(folder.uri, name));
  }
  tellDone(services, uploadedText(done.count), done);
}

async function bring(services: TransferServices, transfer: Transfer, one: Dropped, path: string): Promise<void> {
  if ('file' in one) return sendWhole(transfer, one.name, path, await one.file.data());
  if (one.uri.scheme === 'file') return upload(transfer, one.uri.fsPath, path);
  if (isOfDevbox(one.uri)) return carry(transfer, await services.fileSystem.reach(one.uri), path);
  const { type, size } = await workspace.fs.stat(one.uri);
  if (type !== FileType.File || size > mostBytes) transfer.leftOut.push(one.name);
  else await sendWhole(transfer, one.name, path, await workspace.fs.readFile(one.uri));
}

async function sendWhole(transfer: Transfer, name: string, path: string, bytes: Uint8Array): Promise<void> {
  await sendContent(transfer, name, path, { size: bytes.length, pieces: [bytes] });
}

/** From one devbox to another, through this computer, in pieces. */
async function carry(transfer: Transfer, from: ReachedFiles, path: string, isTop = true): Promise<void> {
  const { signal, leftOut } = transfer;
  const name = nameOf(Uri.from({ scheme: 'file', path: from.path }));
  const found = await from.files.stat(from.path, { signal });
  if (found.type === 'folder' && (isTop || !found.isLink)) {
    await transfer.makeFolder(path);
    for (const entry of await from.files.list(from.path, { signal })) {
      // A link may lead out of the folder, or back into it.
      if (entry.isLink || (entry.type !== 'file' && entry.type !== 'folder')) leftOut.push(entry.name);
      else await carry(transfer, { ...from, path: inFolder(from.path, entry.name) }, inFolder(path, entry.name), false);
    }
  } else if (found.type === 'file') {
    const mode = newFileMode(Number.parseInt(found.mode, 8));
    const pieces = from.files.read(from.path, found, { signal });
    await sendContent(transfer, name, path, { size: found.size, pieces, ...mode });
  } else {
    leftOut.push(name);
  }
}

function isOfDevbox(uri: Uri): boolean {
  return addressedFile(uri) !== undefined;
}
