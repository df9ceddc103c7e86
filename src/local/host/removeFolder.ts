import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors';

/**
 * Removes a folder with everything in it. Read-only folders inside (some package caches make them) are opened first if
 * that is what stands in the way; links are removed, never followed.
 * @throws the system's error if something cannot be removed
 */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') {
      throw error;
    }
    await openFolders(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function openFolders(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) {
    return;
  }
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      await openFolders(join(folder, entry.name));
    }
  }
}
