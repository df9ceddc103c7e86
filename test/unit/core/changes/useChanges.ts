import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileChange } from '../../../../src/core/changes/compare';
import { DevboxChanges, type RepositoryChanges } from '../../../../src/core/changes/devboxChanges';
import { fieldsIn, statusEntries } from '../../../../src/core/changes/porcelain';
import type { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

export { signal };

/** What is asked of a running devbox's changes, and bash in it to make some. */
export interface ChangesDevbox extends FilesDevbox {
  readonly changes: DevboxChanges;
  /** A folder of its own with a repository of what these commands make, committed. */
  readonly repository: (setUp?: string) => Promise<string>;
  readonly read: (top: string) => Promise<RepositoryChanges>;
  /** Both groups in short. */
  readonly groups: (top: string) => Promise<{ uncommitted: string[]; since: string[] | undefined }>;
  /** Both sides of a change of one of the groups. */
  readonly sides: (
    top: string,
    path: string,
    group?: 'uncommitted' | 'sinceStart' | 'thisTurn',
  ) => Promise<[string, string]>;
  /** Both sides of one that was read. */
  readonly sidesIn: (
    of: RepositoryChanges,
    path: string,
    group?: 'uncommitted' | 'sinceStart' | 'thisTurn',
  ) => Promise<[string, string]>;
}

const identity = 'git config user.name t; git config user.email t@t';

export async function changesDevbox(
  api: RunloopApi,
  { name = 'changes', stepSeconds = 25 } = {},
): Promise<ChangesDevbox> {
  const box = await filesDevbox(api, name);
  const { id: devboxId, commands, bash } = box;
  const changes = new DevboxChanges({ devboxId, commands, requireRunning: () => sleep(0), stepSeconds });
  const read = (top: string): Promise<RepositoryChanges> => changes.read(top, signal);
  let count = 0;
  const sidesIn: ChangesDevbox['sidesIn'] = async (of, path, group = 'uncommitted') => {
    const change = of.groups[group]?.find((one) => one.path === path) ?? assert.fail(`no change of ${path}`);
    const { before, after, from = path } = change;
    const content = async (side: typeof before, at: string): Promise<string> => {
      if (side === undefined) return '-';
      const found = await changes.content(of, { path: at, side }, { most: 100_000, signal });
      return 'bytes' in found ? found.bytes.toString('latin1') : JSON.stringify(found);
    };
    // As an editor asks for them: both at once, so that they are read together.
    return Promise.all([content(before, from), content(after, path)]);
  };
  return {
    ...box,
    changes,
    read,
    repository: async (setUp = 'true') => {
      count += 1;
      const top = `/tmp/of-${name}/${count}`;
      const commit = 'git add -A && git commit -qm one --allow-empty';
      await bash(`mkdir -p ${top} && cd ${top} && git init -q -b main && ${identity} && { ${setUp}\n} && ${commit}`);
      return top;
    },
    groups: async (top) => {
      const { groups } = await read(top);
      return { uncommitted: groups.uncommitted.map(short), since: groups.sinceStart?.map(short) };
    },
    sides: async (top, path, group) => sidesIn(await read(top), path, group),
    sidesIn,
  };
}

/** A change in a few words: kind, path, where it was. */
export function short({ kind, path, from, isHidden, isFiltered }: FileChange): string {
  const marks = `${isHidden ? ' hidden' : ''}${isFiltered ? ' filtered' : ''}`;
  return `${kind} ${path}${from === undefined ? '' : ` < ${from}`}${marks}`;
}

/** Holds what was read against what git itself says. */
export async function requireAsGitSays({ commands, read }: ChangesDevbox, top: string): Promise<RepositoryChanges> {
  const found = await read(top);
  const status = `cd '${top}' && git -c core.quotePath=false status --porcelain=v2 -z -uall --ignore-submodules=dirty`;
  const said = await commands.run(status, { signal, deadlineMs: 30_000 });
  assert.deepEqual(found.report.status, await statusEntries(await fieldsIn(Buffer.from(said.stdout))));
  return found;
}
