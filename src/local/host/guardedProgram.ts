import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, realpath, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, DevboxError, messageOf } from '../errors';
import { removeFolder } from './removeFolder';

const run = promisify(execFile);

/** Users that no devbox has: the second one for computers that do not have so many users themselves. */
const strangers = [4_294_000_000, 65_536];

/**
 * Copies a program of the host that is to run with one foot in a devbox. For a moment the devbox can see such a process,
 * and by it open the program's file; and root there owns what root owns here. So the copy belongs to a user that no devbox
 * has: nobody in one can open it for writing.
 * @param program path of the program
 * @param folder where the copy is kept, in a folder `programs`
 * @returns path of the copy
 * @throws DevboxError `failed` when programs cannot be run there
 */
export async function guardProgram(program: string, folder: string): Promise<string> {
  const programs = join(folder, 'programs');
  const copy = join(programs, basename(program));
  const fresh = `${copy}.${process.pid}`;
  await mkdir(programs, { recursive: true, mode: 0o700 });
  await copyFile(await realpath(program), fresh);
  await chmod(fresh, 0o555);
  await chownFile(fresh);
  try {
    await rename(fresh, copy);
  } catch (error) {
    if (codeOf(error) !== 'EISDIR') {
      throw error;
    }
    await removeFolder(copy);
    await rename(fresh, copy);
  }
  try {
    await run(copy, ['--version']);
  } catch (error) {
    throw new DevboxError(
      'failed',
      `Programs in the data folder ${folder} cannot be run (${codeOf(error) ?? messageOf(error)}). Give another one with --data-dir.`,
      { cause: error },
    );
  }
  return copy;
}

/** Where there are no such users at all, this process has no more rights over the host than devboxes have. */
async function chownFile(file: string): Promise<void> {
  for (const user of strangers) {
    try {
      await chown(file, user, user);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EINVAL') {
        throw error;
      }
    }
  }
}
