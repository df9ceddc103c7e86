import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asObject, asString } from '../../core/parse';

/** Milliseconds for which it is remembered that something was told: longer than any devbox lives. */
const keptMs = 4 * 24 * 3_600_000;

/**
 * Whether this window is the first of all windows that wants to tell of something. What windows remember together in the editor's
 * own memory reaches the others too late where two want to in the same moment; a file is there for one alone.
 *
 * @param folder that all windows share, for nothing else
 * @throws what the disk said, where nobody can tell
 */
export async function isFirstToTell(folder: string, what: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(join(folder, createHash('sha256').update(what).digest('hex')), '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (asString(asObject(error)?.['code']) === 'EEXIST') return false;
    throw error;
  }
  await removeOld(folder);
  return true;
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    // Another window may have removed it just now.
    const seen = await stat(file).catch(() => undefined);
    if (seen !== undefined && Date.now() - seen.mtimeMs > keptMs) await rm(file, { force: true });
  }
}
