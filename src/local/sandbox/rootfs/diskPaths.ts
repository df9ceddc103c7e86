import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../errors';
import { removeFolder } from '../../host/removeFolder';

/**
 * Makes a folder on a devbox's disk, seen from the host, without ever following a link: a program in the devbox may have
 * left one that leads to the host's own files.
 * @param root the disk
 * @param path relative to it
 * @param obstacle what to do with something else than a folder on the way: `replace` it, or `keep` it and give up
 * @returns false if an obstacle was kept
 */
export async function makeFolder(root: string, path: string, obstacle: 'replace' | 'keep'): Promise<boolean> {
  let folder = root;
  for (const part of path.split('/').filter((name) => name !== '' && name !== '.')) {
    folder = join(folder, part);
    const found = await look(folder);
    if (found?.isDirectory() === true) {
      continue;
    }
    if (found !== undefined) {
      if (obstacle === 'keep') {
        return false;
      }
      await rm(folder);
    }
    await mkdir(folder, { mode: 0o755 });
  }
  return true;
}

/**
 * Makes room for a file on a devbox's disk: real folders above it, and nothing at its own place.
 * @param what `links` removes a link only and leaves everything else
 */
export async function clearFile(
  root: string,
  path: string,
  what: 'everything' | 'links' = 'everything',
): Promise<void> {
  await makeFolder(root, dirname(path), 'replace');
  const file = join(root, path);
  const found = await look(file);
  if (found !== undefined && (what === 'everything' || found.isSymbolicLink())) {
    await removeFolder(file);
  }
}

/** What is at a path itself, a link included; undefined if nothing is. */
export async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Writes a file unless it says the same already; what is at its place and no file goes away. */
export async function put(path: string, text: string, mode: number): Promise<void> {
  const found = await look(path);
  if (found?.isFile() === true) {
    if (found.size === Buffer.byteLength(text) && (await readFile(path, 'utf8')) === text) {
      return;
    }
  } else if (found !== undefined) {
    await removeFolder(path);
  }
  await writeFile(path, text, { mode });
  await chmod(path, found?.isFile() === true ? found.mode & 0o7777 : mode);
}
