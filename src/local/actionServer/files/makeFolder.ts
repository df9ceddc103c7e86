import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it. Node's own recursive `mkdir` tries for ever where a file system refuses new
 * entries by saying that the parent is missing, as `/proc` does.
 *
 * @param path absolute path; may exist already as a folder
 * @param chown is called with each folder that was made
 * @throws Error when it cannot be made
 */
export async function makeFolder(path: string, chown?: (path: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(path);
    await chown?.(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (error.code !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent, chown);
    await makeLast(path, chown);
  }
}

async function makeLast(path: string, chown?: (path: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(path);
    await chown?.(path);
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
