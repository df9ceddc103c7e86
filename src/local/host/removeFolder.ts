import { execFile } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf, DevboxError } from '../errors';
import { dieWithParent, findProgram, requireProgram, systemPath } from './hostPrograms';

const run = promisify(execFile);

/**
 * Removes a folder with everything in it, whatever a devbox has made there: trees deeper than the longest path, names that
 * are no text, folders that may not be read, files that may not be changed. The system's own programs do it, which go from
 * folder to folder instead of by path. Links are removed, never followed, and what is mounted in it is left alone.
 * @throws DevboxError `failed` with the first reasons if something cannot be removed
 */
export async function removeFolder(folder: string): Promise<void> {
  if (!(await isThere(folder)) || (await attempt(folder)) === undefined) {
    return;
  }
  // Read-only folders inside (some package caches make them) and files marked as unchangeable are opened first.
  const find = [requireProgram('find'), folder, '-xdev'];
  await quietly([...find, '-type', 'd', '!', '-perm', '-700', '-execdir', 'chmod', 'u+rwx', '--', '{}', ';']);
  if (findProgram('chattr') !== undefined && process.getuid?.() === 0) {
    await quietly([
      ...find,
      '(',
      '-type',
      'd',
      '-o',
      '-type',
      'f',
      ')',
      '-execdir',
      'chattr',
      '-f',
      '-i',
      '-a',
      '--',
      '{}',
      '+',
    ]);
  }
  const reason = await attempt(folder);
  if (reason !== undefined) {
    throw new DevboxError('failed', `${folder} could not be removed: ${reason}`);
  }
}

/** Why it could not be removed; undefined if it was. */
async function attempt(folder: string): Promise<string | undefined> {
  const said = await quietly([requireProgram('rm'), '-rf', '--one-file-system', '--', folder]);
  return (await isThere(folder))
    ? said.trim().split('\n').slice(0, 2).join(' ') || 'something is left of it'
    : undefined;
}

/** Runs a program of the system; gives what it complained of. */
async function quietly(words: readonly string[]): Promise<string> {
  const command: readonly string[] = [...dieWithParent(), ...words];
  const [file = '', ...rest] = command;
  try {
    await run(file, rest, { cwd: '/', env: { PATH: systemPath, LC_ALL: 'C' }, maxBuffer: 2 ** 26 });
    return '';
  } catch (error) {
    return error instanceof Error && 'stderr' in error && typeof error.stderr === 'string'
      ? error.stderr
      : String(error);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
