import { randomBytes } from 'node:crypto';
import { copyFile, open, realpath, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
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
  try {
    await (await open(lock, 'wx')).close();
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw isTaken ? new RuntimeError({ problem: changesProblem('home_locked') }) : error;
  }
  const copy = `${index}.${randomBytes(6).toString('hex')}`;
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
