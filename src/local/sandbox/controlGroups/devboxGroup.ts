import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '../../errors';
import { requireProgram } from '../../host/hostPrograms';
import { type GroupFolder, type GroupLimits, type MemoryUse, entrance, limitWords, readMemory } from './groupFiles';

/** How often, and with which pause in milliseconds, a group is tried to be removed while its last processes end. */
const removals = 200;
const removalPause = 10;

/** Enters the groups whose files are named, as many as the first argument says, and becomes the command in the others. */
const enterGroup =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 > "$1" || exit 126; shift; n=$((n - 1)); done; exec "$@"';

/** The control group of one sandbox: what its processes use together is held by the kernel. */
export class DevboxGroup {
  readonly #folders: readonly GroupFolder[];

  /** @param folders that do not exist yet, below folders whose children have these controllers */
  constructor(folders: readonly GroupFolder[]) {
    this.#folders = folders;
  }

  /** Name of the group's folders. */
  get name(): string {
    return basename(this.#folders[0]?.path ?? '');
  }

  /**
   * Makes the group.
   * @throws the system's error; nothing is left behind then
   */
  async make(limits: GroupLimits): Promise<void> {
    try {
      for (const folder of this.#folders) {
        await mkdir(folder.path);
        for (const [file, text] of limitWords(folder, limits)) {
          await writeFile(file, text);
        }
      }
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  /** Words in front of a host program that put it, and all that it starts, into the group. */
  get enter(): readonly string[] {
    const files = this.entrances;
    return [requireProgram('sh'), '-c', enterGroup, 'enter', String(files.length), ...files];
  }

  /** The files that a process is written into, to be in the group. */
  get entrances(): readonly string[] {
    return this.#folders.map(entrance);
  }

  /** The group's folders, each with the place below `/sys/fs/cgroup` where programs look for it. */
  get shown(): readonly (readonly [folder: string, place: string])[] {
    const unified = this.#folders.length === 1 ? '.' : 'unified';
    return this.#folders.flatMap(({ version, path, controllers }) =>
      (version === 2 ? [unified] : controllers).map((place): [string, string] => [path, place]),
    );
  }

  /** What its processes, and the memory file systems they have filled, use now; undefined when the group is gone. */
  memory(): MemoryUse | undefined {
    const folder = this.#folders.find(({ controllers }) => controllers.includes('memory'));
    return folder === undefined ? undefined : readMemory(folder);
  }

  /**
   * Removes the group, whose processes have been told to end.
   * @returns false if some of them still have not
   */
  async remove(): Promise<boolean> {
    for (let attempt = 0; attempt < removals; attempt += 1) {
      const done = await Promise.all(this.#folders.map(({ path }) => removeGroup(path)));
      if (done.every(Boolean)) {
        return true;
      }
      await pause(removalPause);
    }
    return false;
  }
}

/** Removes the folder of a group without processes; false if it has some, or groups in it. */
export async function removeGroup(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return true;
    }
    if (codeOf(error) === 'EBUSY' || codeOf(error) === 'ENOTEMPTY') {
      return false;
    }
    throw error;
  }
}

/** The folder of the same name in each of these folders. */
export function below(folders: readonly GroupFolder[], name: string): readonly GroupFolder[] {
  return folders.map((folder) => ({ ...folder, path: join(folder.path, name) }));
}
