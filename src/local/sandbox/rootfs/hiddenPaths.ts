import { execFile } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram, systemPath } from '../../host/hostPrograms';
import { codeOf } from '../../errors';
import { untouchedSettings } from './packageFiles';
import { shownOf } from './shownNames';

const run = promisify(execFile);

/** As long as may be looked for what only root may read, in milliseconds. */
const searchLimit = 10_000;

/** Beside `/etc`: where a computer's owner, and not its packages, puts things that devboxes see. */
const ownPlaces = ['opt', 'usr/local'];

/** What devboxes do not see of this computer's folders. */
export interface HiddenPaths {
  /** From the root, without the first stroke. */
  readonly paths: readonly string[];
  /** The folders of which some things are seen and others not: what is new in them is to be looked at. */
  readonly mixed: readonly string[];
  /** Folders that could not be looked through in time. */
  readonly unknown: readonly string[];
}

/**
 * Finds what devboxes must not see: in `/etc` all that is not on the list, and what only some users of this computer may read
 * there and where its owner puts things.
 */
export async function findHidden(): Promise<HiddenPaths> {
  const settings = await untouchedSettings((path) => shownOf(path, new Set()) === 'none');
  const paths: string[] = [];
  const mixed: string[] = [];
  const look = async (folder: string, all: boolean): Promise<void> => {
    if (!all) {
      mixed.push(join('/etc', folder));
    }
    for (const entry of await namesIn(join('/etc', folder))) {
      const path = join(folder, entry.name);
      const how = all ? 'all' : shownOf(path, settings);
      if (how === 'none' || !(await isForAll(join('/etc', path)))) {
        paths.push(join('etc', path));
      } else if (entry.isDirectory()) {
        await look(path, how === 'all');
      }
    }
  };
  await look('', false);
  const unknown: string[] = [];
  // An ordinary user has no more rights over them than devboxes' owners have anyway.
  for (const place of process.getuid?.() === 0 ? ownPlaces : []) {
    const found = await unreadable(`/${place}`);
    paths.push(...(found ?? []).map((path) => path.slice(1)));
    if (found === undefined) {
      unknown.push(`/${place}`);
    }
  }
  return { paths, mixed, unknown };
}

async function namesIn(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(codeOf(error) ?? '')) {
      return [];
    }
    throw error;
  }
}

/** False for what not everybody on this computer may read. */
async function isForAll(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    const needed = found.isDirectory() ? 0o005 : 0o004;
    return found.isSymbolicLink() || (found.mode & needed) === needed;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}

/** What below a folder not everybody may read; undefined when that took too long. */
async function unreadable(folder: string): Promise<readonly string[] | undefined> {
  const words = [folder, '-xdev', '-mindepth', '1', '!', '-type', 'l', '!', '-perm', '-004', '-print0', '-prune'];
  try {
    const { stdout } = await run(requireProgram('find'), words, {
      env: { PATH: systemPath, LC_ALL: 'C' },
      timeout: searchLimit,
      maxBuffer: 2 ** 24,
    });
    return stdout.split('\0').filter((path) => path !== '');
  } catch (error) {
    // Something that went away meanwhile, or is not for this user, makes it end so, with all else found.
    const said: unknown = error instanceof Error && 'stdout' in error ? error.stdout : undefined;
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 1 && typeof said === 'string' ? said.split('\0').filter((path) => path !== '') : undefined;
  }
}
