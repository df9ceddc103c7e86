import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from './errors';
import { removeFolder } from './removeFolder';

const ownerFile = 'owner';

/** Identifies a process beyond the reuse of its number: the number and the time it was started. */
async function fingerprint(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in parentheses, may contain blanks; the start time is field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid} ${fields[19] ?? ''}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') {
      return undefined;
    }
    throw error;
  }
}

/** Notes in a devbox's folder that this process looks after it. */
export async function markOwner(folder: string): Promise<void> {
  await writeFile(join(folder, ownerFile), (await fingerprint(process.pid)) ?? '');
}

/**
 * Removes folders whose platform was killed before it could. Folders of a platform that still runs stay: several may
 * share a data folder.
 */
export async function removeOrphans(devboxesFolder: string, say: (line: string) => void): Promise<void> {
  for (const name of await readdir(devboxesFolder)) {
    const folder = join(devboxesFolder, name);
    try {
      const owner = await readFile(join(folder, ownerFile), 'utf8');
      const alive = await fingerprint(Number(owner.split(' ')[0]));
      if (alive !== owner) {
        await removeFolder(folder);
      }
    } catch (error) {
      // Without an owner's note it may be one that is just being made.
      if (codeOf(error) !== 'ENOENT') {
        say(`The left-over folder ${folder} could not be removed: ${messageOf(error)}`);
      }
    }
  }
}
