import { copyFile, lstat, mkdir, chmod, readlink, rm, rmdir, symlink, utimes } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join, sep } from 'node:path';
import { isMissing } from './scratch';

interface KeptFile {
  readonly path: Buffer;
  /** Undefined where there was nothing. */
  readonly was: Stats | undefined;
  readonly copy: string;
}

/**
 * Keeps copies of what is below a folder under some names, byte for byte, for as long as it is written over: git takes all away
 * that it writes anew before it writes, and a filter that fails, or a full disk, is an end half-way.
 *
 * @param names relative ones, as git has them
 * @param folder a new one, for the copies
 * @returns puts back what is other by then, and takes away what was not there
 */
export async function keepFiles(top: string, names: readonly Buffer[], folder: string): Promise<() => Promise<void>> {
  await mkdir(folder);
  const kept: KeptFile[] = [];
  const folders = new Map<string, Buffer>();
  for (const [at, name] of names.entries()) {
    for (const parent of parentsOf(name)) {
      const path = below(top, parent);
      if ((await statsOf(path))?.isDirectory() !== true) folders.set(parent.toString('latin1'), path);
    }
    const path = below(top, name);
    const [was, copy] = [await statsOf(path), join(folder, String(at))];
    if (was?.isFile() === true) await copyFile(path, copy);
    else if (was?.isSymbolicLink() === true) await symlink(await readlink(path, 'buffer'), copy);
    kept.push({ path, was, copy });
  }
  return async () => {
    const changed: KeptFile[] = [];
    for (const file of kept) {
      const now = await statsOf(file.path);
      if (isSame(now, file.was)) continue;
      changed.push(file);
      if (now?.isDirectory() === false) await rm(file.path, { force: true });
    }
    // Those within others first.
    for (const [, path] of [...folders].sort(([one], [other]) => other.length - one.length)) {
      if ((await statsOf(path))?.isDirectory() === true) await rmdir(path);
    }
    for (const file of changed) await putBack(top, file);
  };
}

async function putBack(top: string, { path, was, copy }: KeptFile): Promise<void> {
  if (was === undefined) return;
  const inTop = path.subarray(Buffer.byteLength(top) + 1);
  for (const parent of parentsOf(inTop)) await mkdir(below(top, parent), { recursive: true });
  if (was.isSymbolicLink()) {
    await symlink(await readlink(copy, 'buffer'), path);
  } else if (was.isFile()) {
    await copyFile(copy, path);
    await chmod(path, was.mode & 0o7777);
    await utimes(path, was.atime, was.mtime);
  }
}

function isSame(now: Stats | undefined, was: Stats | undefined): boolean {
  if (now === undefined || was === undefined) return now === was;
  if (now.isDirectory() && was.isDirectory()) return true;
  return now.ino === was.ino && now.size === was.size && now.mtimeMs === was.mtimeMs && now.mode === was.mode;
}

/** The folders on the way to a name, the outermost first. */
function parentsOf(name: Buffer): Buffer[] {
  const parents: Buffer[] = [];
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) parents.push(name.subarray(0, at));
  return parents;
}

function below(top: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(top + sep), name]);
}

async function statsOf(path: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    // A file where a folder would be: there is nothing below it.
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
