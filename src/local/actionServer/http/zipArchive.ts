import { createWriteStream, existsSync } from 'node:fs';
import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as yauzl from 'yauzl';
import { ZipFile } from 'yazl';
import { makeFolder } from '../files/makeFolder';

/**
 * Unpacks an archive. Entries with absolute names or with `..` are left out; existing files are overwritten.
 *
 * @param archive the zip file
 * @param folder where its entries go
 * @param chown is called with each file and folder that was made
 * @throws Error when it is no usable zip
 */
export async function unpackZip(
  archive: string,
  folder: string,
  chown: (path: string) => Promise<void>,
): Promise<void> {
  const base = await realpath(folder);
  const zip = await openZip(archive);
  try {
    for await (const entry of zip.eachEntry()) await unpackEntry(zip, entry, { base, chown });
  } finally {
    zip.close();
  }
}

/** Where an archive's entries go, and who is told of them. */
interface Destination {
  readonly base: string;
  readonly chown: (path: string) => Promise<void>;
}

async function openZip(archive: string): Promise<yauzl.ZipFile> {
  try {
    // Undecoded names: the library's own check would refuse the whole archive for one bad name.
    return await yauzl.openPromise(archive, { lazyEntries: true, autoClose: false, decodeStrings: false });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`File is not a usable zip file: ${reason}`, { cause: error });
  }
}

async function unpackEntry(zip: yauzl.ZipFile, entry: yauzl.Entry, { base, chown }: Destination): Promise<void> {
  const name = entry.fileNameRaw.toString('utf8').replaceAll('\\', '/');
  if (name.startsWith('/') || name.includes('..')) return;
  const target = resolve(base, name);
  if (name.endsWith('/')) {
    await makeInside(target, { base, chown });
    return;
  }
  await makeInside(dirname(target), { base, chown });
  const isNew = !existsSync(target);
  const stream = await zip.openReadStreamPromise(entry);
  await pipeline(stream, createWriteStream(target));
  if (isNew) await chown(target);
}

/** Makes a folder, unless a link in the way leads out of the base. */
async function makeInside(folder: string, { base, chown }: Destination): Promise<void> {
  await makeFolder(folder, chown);
  const real = await realpath(folder);
  if (real !== base && !real.startsWith(base.endsWith(sep) ? base : base + sep)) {
    throw new Error('A folder in the archive would lead out of the destination through a link.');
  }
}

/** A file for an archive. */
interface Found {
  readonly path: string;
  readonly name: string;
}

/**
 * Packs the files of a directory (or one file) without compression. Links to files are followed, linked directories
 * are left out, and so is what cannot be read.
 *
 * @param source an absolute path
 * @param archive the zip file to write
 * @returns number of entries left out because they cannot be read
 */
export async function packZip(source: string, archive: string): Promise<number> {
  const zip = new ZipFile();
  const isFolder = (await stat(source)).isDirectory();
  const { files, skipped } = isFolder
    ? await collect(source)
    : { files: [{ path: source, name: source.slice(source.lastIndexOf('/') + 1) }], skipped: 0 };
  const failed = new Promise<never>((_done, fail) => zip.on('error', fail));
  for (const file of files) zip.addFile(file.path, file.name, { compress: false });
  zip.end();
  await Promise.race([pipeline(zip.outputStream, createWriteStream(archive)), failed]);
  return skipped;
}

async function collect(root: string): Promise<{ files: Found[]; skipped: number }> {
  const files: Found[] = [];
  let skipped = 0;
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = prefix + entry.name;
      if (entry.isDirectory()) {
        await visit(path, `${name}/`).catch((error: unknown) => {
          if (!(error instanceof Error && 'code' in error)) throw error;
          skipped += 1;
        });
        continue;
      }
      const kind = await readableKind(path);
      if (kind === 'file') files.push({ path, name });
      else if (kind === 'unreadable') skipped += 1;
    }
  };
  await visit(root, '');
  return { files, skipped };
}

async function readableKind(path: string): Promise<'file' | 'unreadable' | 'other'> {
  try {
    if (!(await stat(path)).isFile()) return 'other';
    await access(path, constants.R_OK);
    return 'file';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'unreadable';
    throw error;
  }
}
