import { execFile } from 'node:child_process';
import { chmod, chown, link, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '../../errors';
import { requireProgram } from '../../host/hostPrograms';
import { removeFolder } from '../../host/removeFolder';
import { type HiddenPaths, findHidden } from './hiddenPaths';

const run = promisify(execFile);

/**
 * A folder that takes away from devboxes what they must not see of this computer's system folders. It is a layer between
 * those and the devbox's own: for each thing that is hidden it has what overlayfs takes for "there is nothing". In `covers`
 * are the same paths, for where there are no layers.
 */
export class HostMask {
  readonly #folder: string;
  readonly #logLine: (line: string) => void;
  #made: Promise<{ readonly path: string; readonly state: string }> | undefined;
  #count = 0;
  #mixed: readonly string[] = [];

  /**
   * @param dataDir where it is made, anew at each start of the platform
   * @param logLine gets a sentence when something could not be looked for
   */
  constructor(dataDir: string, logLine: (line: string) => void) {
    this.#folder = join(dataDir, 'mask');
    this.#logLine = logLine;
  }

  /** Its path, with everything in it that there is to hide now. */
  async current(): Promise<string> {
    const before = this.#made;
    const made = await before;
    if (made !== undefined && (await this.#state()) === made.state) {
      return made.path;
    }
    // Whoever asks meanwhile gets the same one.
    if (this.#made === before) {
      const making = this.#make();
      this.#made = making;
      making.catch(() => {
        if (this.#made === making) this.#made = undefined;
      });
    }
    return (await this.#made)?.path ?? '';
  }

  /** Removes it: no devbox runs any more, and a copy of the data folder is none of devices. */
  async close(): Promise<void> {
    await this.#made?.catch(() => undefined);
    await removeFolder(this.#folder);
  }

  async #make(): Promise<{ readonly path: string; readonly state: string }> {
    if (this.#count === 0) {
      await removeFolder(this.#folder);
    }
    // Running devboxes have the one before.
    this.#count += 1;
    const path = join(this.#folder, String(this.#count));
    await mkdir(path, { recursive: true, mode: 0o700 });
    const hidden = await findHidden();
    this.#mixed = hidden.mixed;
    const state = await this.#state();
    if (this.#count === 1 && hidden.unknown.length > 0) {
      this.#logLine(
        `What only some users of this computer may read below ${hidden.unknown.join(' and ')} could not be looked for in time: root of a devbox can read it.`,
      );
    }
    await fill(path, hidden);
    return { path, state };
  }

  /** Changes when a name is new in a folder of which some are hidden. */
  async #state(): Promise<string> {
    const times = this.#mixed.map(async (folder) => {
      try {
        return (await stat(folder)).mtimeMs;
      } catch {
        // It is not there any more.
        return 0;
      }
    });
    return (await Promise.all(times)).join();
  }
}

async function fill(path: string, { paths }: HiddenPaths): Promise<void> {
  await writeFile(join(path, 'covers'), paths.map((each) => `${each}\0`).join(''));
  const nothing = join(path, 'nothing');
  try {
    await run(requireProgram('mknod'), [nothing, 'c', '0', '0']);
    for (const each of paths) {
      await makeAlike(path, dirname(each));
      await link(nothing, join(path, each));
    }
    await makeAlike(path, 'etc');
  } catch (error) {
    // Not on every file system. What is half made would hide half of it.
    await Promise.all(['etc', 'opt', 'usr'].map((name) => rm(join(path, name), { recursive: true, force: true })));
    if (codeOf(error) === 'ENOSPC') {
      throw error;
    }
    await writeFile(join(path, 'why'), messageOf(error));
  }
}

/** Makes a folder in the mask as it is on this computer: of two layers, the upper one says whose a folder is. */
async function makeAlike(mask: string, path: string): Promise<void> {
  if (path === '.') {
    return;
  }
  const folder = join(mask, path);
  try {
    await stat(folder);
    return;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  await makeAlike(mask, dirname(path));
  await mkdir(folder);
  const { mode, uid, gid } = await stat(join('/', path));
  if (process.getuid?.() === 0) {
    await chown(folder, uid, gid);
  }
  await chmod(folder, mode & 0o7777);
}
