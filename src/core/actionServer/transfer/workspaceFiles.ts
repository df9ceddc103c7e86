import type { Ignore } from 'ignore';
import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { saidBy, RuntimeError } from '../../errors';
import { gitConfigHasSecret, looksSecret } from './secretFiles';
import { devboxProblem } from '../../problems/devbox';

export interface WorkspaceFiles {
  /** Relative paths with `/`. */
  readonly files: readonly string[];
  /** Those that look like secrets; not in `files`. */
  readonly secrets: readonly string[];
  /** Folders with nothing in them, which a list of files would lose (D26). */
  readonly emptyFolders: readonly string[];
  /**
   * What cannot go: names that are not UTF-8, so that nothing here can name them (as far as they can be shown), links that
   * lead out of the folder, pipes, sockets and devices.
   */
  readonly leftOut: readonly string[];
}

interface Rules {
  readonly base: string;
  readonly ignore: Ignore;
}

/**
 * The files of a folder that git would know, in its own folder and those below: `.gitignore` files are honoured where
 * they lie. Links go as links, and only those that lead to somewhere in the folder.
 *
 * @throws RuntimeError `transfer` if the folder cannot be read
 */
export async function workspaceFiles(folder: string, signal?: AbortSignal): Promise<WorkspaceFiles> {
  const { default: makeIgnore } = await import('ignore');
  const found = {
    files: [] as string[],
    secrets: [] as string[],
    emptyFolders: [] as string[],
    leftOut: [] as string[],
  };
  const visit = async (path: string, above: readonly Rules[]): Promise<void> => {
    signal?.throwIfAborted();
    const entries = await entriesOf(folder, path);
    if (entries === undefined) return;
    const rules = [...above];
    if (entries.some((entry) => entry.isFile() && entry.name === '.gitignore')) {
      const text = await textIfThere(join(folder, path, '.gitignore'));
      rules.push({ base: path, ignore: makeIgnore().add(text ?? '') });
    }
    let kept = 0;
    for (const entry of entries) {
      const within = path === '' ? entry.name : `${path}/${entry.name}`;
      if (isIgnored(rules, entry.isDirectory() ? `${within}/` : within)) continue;
      kept += 1;
      if (entry.name.includes('\ufffd') && !(await isThere(join(folder, within)))) {
        found.leftOut.push(within);
      } else if (entry.isDirectory()) {
        await visit(within, rules);
      } else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsInside(folder, within)))) {
        ((await isSecret(folder, within)) ? found.secrets : found.files).push(within);
      } else if (!/(?:^|\/)\.git\//.test(within)) {
        // Git's own sockets are of no use elsewhere.
        found.leftOut.push(within);
      }
    }
    if (kept === 0 && path !== '') found.emptyFolders.push(path);
  };
  try {
    await visit('', []);
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw unreadable(error);
  }
  return found;
}

/** Tells before anything is created that a workspace folder cannot be read. @throws RuntimeError `transfer` */
export async function checkWorkspaceFolder(folder: string): Promise<void> {
  try {
    await readdir(folder);
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): RuntimeError {
  return new RuntimeError({ problem: devboxProblem('workspace_unreadable', { why: saidBy(error) }), cause: error });
}

/** The deepest rule that says anything decides, as with git. */
function isIgnored(rules: readonly Rules[], path: string): boolean {
  for (const { base, ignore } of [...rules].reverse()) {
    const verdict = ignore.test(base === '' ? path : path.slice(base.length + 1));
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}

/** What a folder has in it; undefined for one below the workspace that vanished meanwhile. */
async function entriesOf(folder: string, path: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(join(folder, path), { withFileTypes: true });
  } catch (error) {
    if (path !== '' && isGone(error)) return undefined;
    throw error;
  }
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

async function leadsInside(folder: string, relativeLink: string): Promise<boolean> {
  let target: string;
  try {
    target = await readlink(join(folder, relativeLink));
  } catch {
    // Gone, or no link any more.
    return false;
  }
  const place = relative(folder, resolve(folder, dirname(relativeLink), target));
  return !isAbsolute(target) && place !== '..' && !place.startsWith(`..${sep}`);
}

async function isSecret(folder: string, path: string): Promise<boolean> {
  if (looksSecret(path)) return true;
  if (!/(?:^|\/)\.git\/(?:.*\/)?config$/.test(path)) return false;
  return gitConfigHasSecret((await textIfThere(join(folder, path))) ?? '');
}
