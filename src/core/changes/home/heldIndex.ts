import { randomBytes } from 'node:crypto';
import { copyFile, link, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { RuntimeError } from '../../errors';
import { changesProblem } from '../../problems/changes';
import { gitText, withSpace } from './localGit';
import { isMissing } from './scratch';

/** A copy of the index of a clone, for as long as no other git, and no other window, may write that. */
export interface HeldIndex {
  /** To run git with. */
  readonly env: { readonly GIT_INDEX_FILE: string };
  /** Puts the copy in the place of the index. */
  keep(): Promise<void>;
  /** Lets others write the index. */
  release(): Promise<void>;
}

/**
 * Takes the lock of a clone's index, as git does.
 *
 * @param top its folder
 * @throws RuntimeError `home_locked` where another one has it
 */
export async function heldIndex(top: string, signal: AbortSignal): Promise<HeldIndex> {
  const named = resolve(top, await gitText(top, ['rev-parse', '--git-path', 'index'], { signal }));
  const index = await realpath(named).catch((error: unknown) => {
    if (isMissing(error)) return named;
    throw error;
  });
  const lock = `${index}.lock`;
  const copy = `${index}.${randomBytes(6).toString('hex')}`;
  const mine = ourMark(basename(copy));
  if (!(await isMade(lock, mine)) && !((await removeOrphan(lock)) && (await isMade(lock, mine)))) {
    throw new RuntimeError({ problem: changesProblem('home_locked') });
  }
  const release = async (): Promise<void> => {
    for (const file of [copy, `${copy}.lock`, lock]) await rm(file, { force: true });
  };
  try {
    await withSpace(copyFile(index, copy)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  } catch (error) {
    await release();
    throw error;
  }
  return {
    env: { GIT_INDEX_FILE: copy },
    // With its time, by which git tells what was changed in the moment of its writing.
    keep: () => rename(copy, index),
    release,
  };
}

/** What a lock of ours holds: who made it, and the copy beside it. One of git's holds an index, or nothing. */
function ourMark(copy: string): string {
  return `runloop-devboxes ${process.pid} ${hostname()} ${copy}\n`;
}

/** Why nothing can be written into a clone: it is another user's, or on a disk that is only read. */
const notAllowed: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

async function isMade(lock: string, mark: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    try {
      try {
        await withSpace(file.writeFile(mark));
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(lock, { force: true });
      throw error;
    }
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EEXIST') return false;
    if (!notAllowed.has(code)) throw error;
    throw new RuntimeError({
      problem: changesProblem('home_git_failed', { why: `index.lock: ${code}` }),
      cause: error,
    });
  }
}

/** Takes away the lock of a window that was killed, and its copy. @returns whether it was one, and is gone */
async function removeOrphan(lock: string): Promise<boolean> {
  if ((await orphanedCopy(lock)) === undefined) return false;
  // Of two windows that find it, one gets it; and what it gets may be the lock that the other one has made since.
  const aside = `${lock}.${randomBytes(6).toString('hex')}`;
  const isMoved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return false;
  const copy = await orphanedCopy(aside);
  if (copy === undefined) await link(aside, lock).catch(() => undefined);
  else for (const file of [copy, `${copy}.lock`]) await rm(join(dirname(lock), file), { force: true });
  await rm(aside, { force: true });
  return copy !== undefined;
}

/** The copy that a lock of ours was made for, where its process is not there any more. */
async function orphanedCopy(lock: string): Promise<string | undefined> {
  const text = await readFile(lock, 'latin1').catch(() => '');
  const [, pid = '', host, copy] = /^runloop-devboxes (\d{1,10}) (\S+) (\S+\.[0-9a-f]{12})\n$/.exec(text) ?? [];
  if (copy === undefined || copy.includes('/') || copy.includes('\\') || host !== hostname()) return undefined;
  try {
    process.kill(Number(pid), 0);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? copy : undefined;
  }
}
