import type { Ignore } from 'ignore';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, RuntimeError } from '../errors';
import { gitConfigHasSecret, looksSecret } from './secretFiles';

export interface WorkspaceFiles {
  /** Relative paths with `/`. */
  readonly files: readonly string[];
  /** Those that look like secrets; not in `files`. */
  readonly secrets: readonly string[];
  /** Folders with nothing in them, which a list of files would lose (D26). */
  readonly emptyFolders: readonly string[];
}

interface Rules {
  readonly base: string;
  readonly ignore: Ignore;
}

/**
 * The files of a folder that git would know, in its own folder and those below: `.gitignore` files are honoured where
 * they lie. Links are left out, as they may lead anywhere.
 *
 * @throws RuntimeError `transfer` if the folder cannot be read
 */
export async function workspaceFiles(folder: string, signal?: AbortSignal): Promise<WorkspaceFiles> {
  const { default: makeIgnore } = await import('ignore');
  const found = { files: [] as string[], secrets: [] as string[], emptyFolders: [] as string[] };
  const visit = async (path: string, above: readonly Rules[]): Promise<void> => {
    signal?.throwIfAborted();
    const entries = await readdir(join(folder, path), { withFileTypes: true });
    const rules = [...above];
    if (entries.some((entry) => entry.isFile() && entry.name === '.gitignore')) {
      rules.push({ base: path, ignore: makeIgnore().add(await readFile(join(folder, path, '.gitignore'), 'utf8')) });
    }
    let kept = 0;
    for (const entry of entries) {
      const relative = path === '' ? entry.name : `${path}/${entry.name}`;
      if (isIgnored(rules, entry.isDirectory() ? `${relative}/` : relative)) continue;
      kept += 1;
      if (entry.isDirectory()) await visit(relative, rules);
      else if (entry.isFile()) (await isSecret(folder, relative) ? found.secrets : found.files).push(relative);
    }
    if (kept === 0 && path !== '') found.emptyFolders.push(path);
  };
  try {
    await visit('', []);
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new RuntimeError({
      code: 'transfer',
      message: `The workspace folder cannot be read: ${messageOf(error)}`,
      nextStep: 'Check workspace_base.',
      cause: error,
    });
  }
  return found;
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

async function isSecret(folder: string, relative: string): Promise<boolean> {
  if (looksSecret(relative)) return true;
  if (!/(?:^|\/)\.git\/(?:.*\/)?config$/.test(relative)) return false;
  return gitConfigHasSecret(await readFile(join(folder, relative), 'utf8'));
}
