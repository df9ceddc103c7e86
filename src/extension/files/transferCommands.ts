import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FileChangeType, l10n, ProgressLocation, Uri, window, type Progress } from 'vscode';
import { writeAll } from '../../ground/writeAll';
import { linkSignals } from '../../ground/deadline';
import { fileProblemOf } from '../../core/files/fileErrors';
import { newFileMode, type NewFileMode } from '../../core/files/fileContent';
import type { FileStat } from '../../core/files/fileFacts';
import { shownName } from '../../core/files/pathText';
import { saysYes } from '../messages/ask';
import { withSignal } from '../messages/cancellation';
import { listText } from '../messages/listText';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import type { ReachedFiles } from './accountFiles';
import { childAddress } from './fileAddress';
import { inFolder, shownFile } from './fileCommands';
import { meantFiles, type FileServices } from './fileRow';
import { localName, NamesApart } from './names/localNames';

export type TransferServices = FileServices & {
  readonly devboxUse: { used(devboxId: string): void };
  readonly log: Log;
};

/** What is under way. */
export interface Transfer {
  readonly reached: ReachedFiles;
  readonly signal: AbortSignal;
  /** Told of each file before it goes, and of its bytes while they do. */
  readonly begins: (name: string) => void;
  readonly moved: (bytes: number) => void;
  /** Names that were left out. */
  readonly leftOut: string[];
  /** Names that were given to tell files apart. */
  readonly renamed: string[];
  /** A folder that is there stays. */
  readonly makeFolder: (path: string) => Promise<void>;
  readonly sent: () => void;
  count: number;
}

/** Sends files and folders of this computer into a folder of a devbox. */
export async function uploadFiles(services: TransferServices, argument: unknown): Promise<void> {
  const [folder] = await meantFiles(services, argument, undefined);
  if (folder === undefined) return;
  const chosen = await window.showOpenDialog({
    title: l10n.t('Upload to {0}', shownFile(folder)),
    openLabel: l10n.t('Upload'),
    canSelectMany: true,
    // Windows and Linux have one dialog for files and one for folders; files are the usual.
    canSelectFiles: true,
    canSelectFolders: process.platform === 'darwin',
    defaultUri: Uri.file(homedir()),
  });
  const sources = (chosen ?? []).filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
  if (sources.length === 0) return;
  const reached = await services.fileSystem.reach(folder.uri);
  const names = sources.map((source) => basename(source));
  if (!(await mayReplace(reached, names))) return;
  const title = l10n.t('Uploading to {0}', shownFile(folder));
  const done = await transferring(services, reached, title, async (transfer) => {
    for (const source of sources) await upload(transfer, source, inFolder(reached.path, basename(source)));
  });
  for (const source of sources) {
    await services.fileSystem.changed(FileChangeType.Created, childAddress(folder.uri, basename(source)));
  }
  tellDone(services, uploadedText(done.count), done);
}

/** Asks where names are taken in a folder. @returns false if what is there is to stay */
export async function mayReplace({ files, path, signal }: ReachedFiles, names: readonly string[]): Promise<boolean> {
  const there = new Set((await files.list(path, { signal })).map(({ name }) => name));
  const inTheWay = names.filter((name) => there.has(name));
  const shownNames = inTheWay.slice(0, 10).map((name) => shownName(name));
  const [first] = shownNames;
  if (first === undefined) return true;
  const yes = l10n.t('Replace');
  if (inTheWay.length === 1) return saysYes({ question: l10n.t('Replace "{0}" in the devbox?', first), yes });
  const question = l10n.t('Replace what already exists in the devbox ({0})?', inTheWay.length);
  return saysYes({ question, detail: shownNames.join('\n'), yes });
}

/** Brings a file, or a folder with all that is in it, from a devbox to this computer. */
export async function downloadFile(services: TransferServices, argument: unknown): Promise<void> {
  const [file] = await meantFiles(services, argument, undefined);
  if (file === undefined) return;
  const name = localName(file.name) ?? 'devbox';
  const target = file.isFolder ? await folderFor(name) : await fileFor(name);
  if (target?.scheme !== 'file') return;
  const to = file.isFolder ? join(target.fsPath, name) : target.fsPath;
  if (file.isFolder && existsSync(to)) {
    const isYes = await saysYes({
      question: l10n.t(
        'The folder "{0}" already exists. Replace the files in it that have the same names?',
        shownName(name),
      ),
      yes: l10n.t('Replace'),
    });
    if (!isYes) return;
  }
  const reached = await services.fileSystem.reach(file.uri);
  const title = l10n.t('Downloading {0}', shownFile(file));
  const done = await transferring(services, reached, title, async (transfer) => {
    const found = await reached.files.stat(reached.path, transfer);
    await download(transfer, found, reached.path, to);
  });
  const text =
    done.count === 1
      ? l10n.t('Downloaded 1 file from the devbox.')
      : l10n.t('Downloaded {0} files from the devbox.', done.count);
  tellDone(services, text, done);
}

/** Says how many files have come into a devbox. */
export function uploadedText(count: number): string {
  return count === 1 ? l10n.t('Uploaded 1 file to the devbox.') : l10n.t('Uploaded {0} files to the devbox.', count);
}

/** Sends a file of this computer, or a folder with all that is in it. */
export async function upload(transfer: Transfer, source: string, path: string): Promise<void> {
  const { leftOut } = transfer;
  const found = await stat(source);
  if (found.isDirectory()) {
    await transfer.makeFolder(path);
    for (const entry of await readdir(source, { withFileTypes: true })) {
      const from = join(source, entry.name);
      // A link may lead anywhere.
      if (entry.isFile() || entry.isDirectory()) await upload(transfer, from, inFolder(path, entry.name));
      else leftOut.push(entry.name);
    }
    return;
  }
  if (!found.isFile()) {
    leftOut.push(basename(source));
    return;
  }
  // What is appended meanwhile was not announced.
  const pieces = found.size === 0 ? [] : piecesOf(source, found.size);
  const mode = process.platform === 'win32' ? {} : newFileMode(found.mode);
  await sendContent(transfer, basename(source), path, { size: found.size, pieces, ...mode });
}

/** The beginning of a file. It is opened when the first piece is asked for: a transfer can end before that. */
async function* piecesOf(source: string, size: number): AsyncGenerator<Uint8Array> {
  yield* createReadStream(source, { end: size - 1 }) as AsyncIterable<Buffer>;
}

/** Sends one file, and tells how far it is. */
export async function sendContent(
  { reached, signal, begins, moved, ...transfer }: Transfer,
  name: string,
  path: string,
  content: {
    readonly size: number;
    readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  } & NewFileMode,
): Promise<void> {
  const { size, pieces, ...mode } = content;
  begins(name);
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      yield piece;
      moved(piece.length);
    }
  };
  const options = { create: true, overwrite: true, token: 'any', ...mode, signal };
  await reached.files.write(path, { size, bytes: bytes() }, options);
  transfer.sent();
}

async function download(transfer: Transfer, found: FileStat, path: string, target: string): Promise<void> {
  const { reached, signal, begins, moved, leftOut, renamed } = transfer;
  const { files } = reached;
  if (found.type === 'folder') {
    await mkdir(target, { recursive: true });
    const entries = await files.list(path, { signal });
    const apart = new NamesApart(target, entries);
    for (const entry of entries) {
      const { name, type, isLink } = entry;
      // A link may lead out of the folder, or back into it.
      const own = isLink || (type !== 'file' && type !== 'folder') ? undefined : await apart.next(name);
      if (own === undefined) leftOut.push(name);
      else await download(transfer, entry.stat(), inFolder(path, name), join(target, own));
      if (own !== undefined && own !== name) renamed.push(own);
    }
    return;
  }
  begins(basename(target));
  // Under another name until it is whole: a download that ends half-way leaves nothing that looks like the file.
  // One that no file of the devbox, or of this computer, has.
  const partial = join(dirname(target), `.runloop-${randomUUID()}.part`);
  const mode = (Number.parseInt(found.mode, 8) & 0o111) === 0 ? 0o644 : 0o755;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of files.read(path, found, { signal })) {
      moved(piece.length);
      yield piece;
    }
  };
  try {
    await writeAll([counted()], partial, { mode, signal });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  transfer.sent();
}

/** Shows how far a transfer is, with a button to give up. */
export async function transferring(
  { devboxUse }: TransferServices,
  reached: ReachedFiles,
  title: string,
  work: (transfer: Transfer) => Promise<void>,
): Promise<Transfer> {
  devboxUse.used(reached.devboxId);
  return window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (progress, token) =>
    withSignal(token, async (signal) => {
      const either = linkSignals(signal, reached.signal);
      const transfer: Transfer = {
        reached,
        signal: either.signal,
        leftOut: [],
        renamed: [],
        count: 0,
        sent: () => void (transfer.count += 1),
        makeFolder: (path) => makeFolder(reached, path, either.signal),
        ...shown(progress),
      };
      try {
        await work(transfer);
        return transfer;
      } finally {
        either.dispose();
      }
    }),
  );
}

async function makeFolder({ files }: ReachedFiles, path: string, signal: AbortSignal): Promise<void> {
  try {
    await files.createFolder(path, { signal });
  } catch (error) {
    if (fileProblemOf(error) !== 'file_exists') throw error;
  }
}

function shown(progress: Progress<{ message?: string }>): Pick<Transfer, 'begins' | 'moved'> {
  let [name, bytes, told] = ['', 0, 0];
  const tell = (): void => progress.report({ message: l10n.t('{0} ({1} MB)', name, (bytes / 1e6).toFixed(1)) });
  return {
    begins: (next) => {
      name = shownName(next);
      tell();
    },
    moved: (count) => {
      bytes += count;
      if (bytes - told < 1e6) return;
      told = bytes;
      tell();
    },
  };
}

export function tellDone({ log }: TransferServices, done: string, { leftOut, renamed }: Transfer): void {
  const firstOf = (all: readonly string[]): string => listText(all.slice(0, 5).map((name) => shownName(name)));
  const text =
    renamed.length === 0
      ? done
      : l10n.t('{0} Names that are the same for this computer got a number: {1}', done, firstOf(renamed));
  if (leftOut.length === 0) {
    showActions(text === done ? 'information' : 'warning', text, [], log);
    return;
  }
  const names = firstOf(leftOut);
  const said =
    leftOut.length === 1
      ? l10n.t('{0} 1 link or special file was left out: {1}', text, names)
      : l10n.t('{0} {1} links and special files were left out: {2}', text, leftOut.length, names);
  showActions('warning', said, [], log);
}

async function fileFor(name: string): Promise<Uri | undefined> {
  return window.showSaveDialog({ title: l10n.t('Download'), defaultUri: Uri.joinPath(Uri.file(homedir()), name) });
}

async function folderFor(name: string): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({
    title: l10n.t('Select where to put the folder {0}', shownName(name)),
    openLabel: l10n.t('Download Here'),
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: Uri.file(homedir()),
  });
  return chosen?.[0];
}
