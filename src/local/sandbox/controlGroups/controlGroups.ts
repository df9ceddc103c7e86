import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DevboxError, messageOf } from '../../errors';
import { fingerprint } from '../../host/processFingerprint';
import { requireProgram, systemPath } from '../../host/hostPrograms';
import type { Limits } from '../limits/limits';
import { below, DevboxGroup, removeGroup } from './devboxGroup';
import { GroupKeeper, type PlatformMove } from './groupKeeper';
import { type GroupFolder, type GroupLimits, limitWords } from './groupFiles';
import { type Hierarchy, findHierarchies } from './hierarchies';
import { enterOwnShare, giveControllers, openOwnGroup } from './ownLeaf';

const run = promisify(execFile);

/** Without these nothing is held; the processor's share may be missing. */
const needed = ['memory', 'pids'] as const;

/** Name of a platform's own folders: its process namespace, its number and the time of its start. */
const platformName = /^runloop-local\.(\d+)\.(\d+)\.(\d+)(?:\.self)?$/;

/**
 * Forbids a devbox to look at its group as the root of a tree, where it could change its own limits. Where user namespaces
 * are forbidden devboxes cannot do so anyway.
 */
const forbidTrees =
  'unshare --user true 2> /dev/null || exit 0; exec unshare --user --map-root-user --cgroup sh -c "echo 0 > /proc/sys/user/max_cgroup_namespaces"';

/**
 * The control groups of this platform's devboxes, all in one group of the platform's, which leaves something of the
 * computer to everything else.
 */
export class ControlGroups {
  readonly #folders: readonly GroupFolder[];
  readonly #keeper: GroupKeeper;
  readonly #logLine: (line: string) => void;
  #made = 0;

  private constructor(folders: readonly GroupFolder[], keeper: GroupKeeper, logLine: (line: string) => void) {
    this.#folders = folders;
    this.#keeper = keeper;
    this.#logLine = logLine;
  }

  /**
   * Finds by trying whether this process may hold others by control groups, and clears away what a killed platform left.
   * @param logLine gets a sentence when something cannot be removed
   * @returns undefined where that is not allowed
   */
  static async open(logLine: (line: string) => void): Promise<ControlGroups | undefined> {
    const name = ownName();
    const folders: GroupFolder[] = [];
    const moves: PlatformMove[] = [];
    const shares: string[] = [];
    let groups: ControlGroups | undefined;
    try {
      const hierarchies = findHierarchies(
        await readFile('/proc/self/cgroup', 'utf8'),
        await readFile('/proc/self/mountinfo', 'utf8'),
      );
      if (
        name === undefined ||
        !needed.every((controller) => hierarchies.some(({ controllers }) => controllers.includes(controller)))
      ) {
        return undefined;
      }
      for (const hierarchy of hierarchies) {
        await clearLeftovers(hierarchy);
        const usable =
          hierarchy.version === 1
            ? { controllers: hierarchy.controllers, leaf: undefined }
            : await openOwnGroup(
                hierarchy.own,
                `${name}.self`,
                hierarchy.controllers,
                needed.filter((one) => hierarchy.controllers.includes(one)),
              );
        if (usable === undefined) {
          continue;
        }
        const { controllers, leaf } = usable;
        if (leaf !== undefined) {
          moves.push({ own: hierarchy.own, leaf, controllers });
        } else if (hierarchy.version === 1 && controllers.includes('cpu')) {
          const share = join(hierarchy.own, `${name}.self`);
          shares.push(share);
          moves.push({ own: hierarchy.own, leaf: share, controllers: [] });
        }
        folders.push({ version: hierarchy.version, path: join(hierarchy.own, name), controllers });
      }
      if (!needed.every((controller) => folders.some(({ controllers }) => controllers.includes(controller)))) {
        return undefined;
      }
      // From here on whatever is made is removed, also when this process is killed.
      groups = new ControlGroups(
        folders,
        new GroupKeeper({ folders: folders.map(({ path }) => path), moves }),
        logLine,
      );
      await groups.#setUp();
      for (const share of shares) {
        await enterOwnShare(share);
      }
      await groups.#tryOut();
      return groups;
    } catch {
      // Not allowed here, at whichever step: devboxes are held in the other ways.
      await groups?.close();
      return undefined;
    }
  }

  /**
   * Makes the group of a sandbox.
   * @param id the sandbox's
   * @throws DevboxError `failed`
   */
  async make(id: string, limits: GroupLimits): Promise<DevboxGroup> {
    this.#made += 1;
    const group = new DevboxGroup(below(this.#folders, `${id}-${this.#made}`));
    try {
      await group.make(limits);
    } catch (error) {
      throw new DevboxError(
        'failed',
        `The devbox's control group could not be made: ${messageOf(error)}. Start the platform with --control-groups off to do without.`,
        { cause: error },
      );
    }
    return group;
  }

  /** Removes a sandbox's group. What cannot be removed now is removed at the platform's end. */
  async remove(group: DevboxGroup): Promise<void> {
    if (!(await group.remove())) {
      this.#logLine(
        `Some processes of ${group.name} have not ended yet: its control group is removed at the platform's end.`,
      );
    }
  }

  /** Removes all groups. */
  async close(): Promise<void> {
    if (!(await this.#keeper.finish())) {
      this.#logLine(`Some control groups could not be removed: ${this.#folders.map(({ path }) => path).join(', ')}.`);
    }
  }

  async #setUp(): Promise<void> {
    for (const folder of this.#folders) {
      await mkdir(folder.path);
      for (const [file, text] of limitWords(folder, allDevboxes())) {
        await writeFile(file, text);
      }
      if (folder.version === 2) {
        await giveControllers(folder.path, folder.controllers);
      }
    }
  }

  async #tryOut(): Promise<void> {
    const trial = await this.make('trial', { memory: 64 * 2 ** 20, processes: 64, cores: 1 });
    try {
      const command: readonly string[] = [...trial.enter, requireProgram('sh'), '-c', forbidTrees];
      const [file = '', ...words] = command;
      await run(file, words, { env: { PATH: systemPath, LC_ALL: 'C' }, timeout: 20_000, killSignal: 'SIGKILL' });
      if (trial.memory() === undefined) {
        throw new DevboxError('failed', 'The kernel does not count the processes it kills for want of memory.');
      }
    } finally {
      await trial.remove();
    }
  }
}

/** What all devboxes together may use: not all of the computer, so that the platform and others go on. */
function allDevboxes(): GroupLimits {
  // Of a container with less than the computer has, what the container has; without one the kernel gives 0 or more than there is.
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const processes = Math.min(readNumber('/proc/sys/kernel/pid_max'), readNumber('/proc/sys/kernel/threads-max'));
  return {
    memory: pages(memory - Math.min(2 ** 31, memory / 8)),
    processes: Math.floor(processes * 0.9),
    cores: availableParallelism(),
  };
}

/** The kernel counts memory in pages. */
function pages(bytes: number): Limits['memory'] {
  return Math.floor(bytes / 65_536) * 65_536;
}

function readNumber(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}

function ownName(): string | undefined {
  const [pid, start] = (fingerprint(process.pid) ?? '').split(' ');
  return pid === undefined || start === undefined ? undefined : `runloop-local.${processSpace()}.${pid}.${start}`;
}

/** The namespace in which process numbers mean what they mean here. */
function processSpace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

/** Removes the folders of platforms that do not run any more. Those with processes in them stay. */
async function clearLeftovers({ own }: Hierarchy): Promise<void> {
  for (const name of await readdir(own)) {
    const [, space, pid, start] = platformName.exec(name) ?? [];
    if (pid === undefined || space !== processSpace() || fingerprint(Number(pid)) === `${pid} ${start ?? ''}`) {
      continue;
    }
    const folder = join(own, name);
    try {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) {
          await removeGroup(join(folder, entry.name));
        }
      }
    } catch {
      // Its keeper was quicker.
      continue;
    }
    await removeGroup(folder);
  }
}
