import { randomBytes } from 'node:crypto';
import { chmod, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RuntimeError } from '../../errors';
import { changesProblem } from '../../problems/changes';
import { oneLine } from '../../safeText';
import { withSpace } from './localGit';
import { isMissing } from './scratch';

/**
 * Writes a patch to a file of this computer, whole or not at all: beside it first, then in its place.
 *
 * @param path of a file, there or not
 * @throws RuntimeError `home_no_space`, `patch_denied`, or `patch_not_written` for any other reason
 */
export async function writePatch(path: string, patch: Uint8Array): Promise<void> {
  try {
    const place = await placeOf(path);
    if (place.isDevice) {
      await withSpace(writeFile(place.path, patch));
      return;
    }
    const beside = join(dirname(place.path), `.${randomBytes(6).toString('hex')}.part`);
    try {
      await withSpace(writeFile(beside, patch, { flag: 'wx' }));
      if (place.mode !== undefined) await chmod(beside, place.mode);
      await rename(beside, place.path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  } catch (cause) {
    if (RuntimeError.is(cause)) throw cause;
    const name = oneLine(basename(path), 100);
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (/^(?:EACCES|EPERM|EROFS)$/.test(code)) {
      throw new RuntimeError({ problem: changesProblem('patch_denied', { name }), cause });
    }
    const why = oneLine(cause instanceof Error ? cause.message : String(cause), 200);
    throw new RuntimeError({ problem: changesProblem('patch_not_written', { name, why }), cause });
  }
}

/** Where a file is in truth, so that a link to it stays one. */
async function placeOf(
  path: string,
): Promise<{ readonly path: string; readonly mode: number | undefined; readonly isDevice: boolean }> {
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    return { path: real, mode: stats.mode & 0o777, isDevice: !stats.isFile() && !stats.isDirectory() };
  } catch (error) {
    if (isMissing(error)) return { path, mode: undefined, isDevice: false };
    throw error;
  }
}
