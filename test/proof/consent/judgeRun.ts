import type { FilesDevbox } from '../../unit/core/files/useFiles';
import type { Counts } from '../campaign';
import { judge, type Bounds, type Process } from './judge';
import { commandStart } from './plan';
import type { Window } from './window';

/** All that happened in a run. */
export interface RunRecord {
  /** Where the agent worked. */
  readonly cwd: string;
  readonly windows: readonly Window[];
  readonly processes: readonly Process[];
  readonly sealKey: Uint8Array;
  /** Whether something happened by which a window may fail. */
  readonly isTroubled: boolean;
}

/**
 * Holds the files that exist against the calls that were approved.
 *
 * @returns how much was done
 * @throws Error for what is wrong
 */
export async function judgeRun(box: FilesDevbox, run: RunRecord): Promise<Counts> {
  const { cwd, windows, processes, sealKey, isTroubled } = run;
  const broken = windows.flatMap(({ who, broken: words }) => words.map((word) => `${who}: ${word}`));
  const failed = processes.flatMap(({ pressed }) =>
    pressed.flatMap(({ who, done }) => (done !== 'died' && 'failed' in done ? [`${who}: ${done.failed}`] : [])),
  );
  if (!isTroubled && broken.length + failed.length > 0) {
    throw new Error(`Windows failed by themselves: ${[...broken, ...failed].join('; ')}`);
  }
  const rules = windows.flatMap((one) => one.rules);
  const approved = new Map<string, Bounds>();
  for (const process of processes) {
    for (const [text, { least, most }] of await judge(box, process, { sealKey, rules })) {
      const sum = approved.get(text) ?? { least: 0, most: 0 };
      approved.set(text, { least: sum.least + least, most: sum.most + most });
    }
  }
  const done = await linesOf(box, cwd);
  const counts = { done: 0, 'approved, not done before the suspend': 0 };
  for (const text of new Set(processes.flatMap(({ plan }) => plan.flat()))) {
    const isCommand = text.startsWith(commandStart);
    const name = isCommand ? text.slice(commandStart.length) : text;
    const { least, most } = approved.get(text) ?? { least: 0, most: 0 };
    const times = done.get(name) ?? 0;
    done.delete(name);
    // A command adds a line each time; a file is there or not.
    const bound = (count: number): number => (isCommand ? count : Math.min(count, 1));
    if (times < bound(least) || times > bound(most)) {
      throw new Error(`${text}: approved ${least === most ? most : `${least} to ${most}`} times, done ${times} times`);
    }
    counts.done += times;
    counts['approved, not done before the suspend'] += bound(most) - times;
  }
  if (done.size > 0) throw new Error(`Nobody has asked for ${[...done.keys()].join(', ')}`);
  return counts;
}

/** Every file of a folder, with how many lines it has. */
async function linesOf(box: FilesDevbox, folder: string): Promise<Map<string, number>> {
  const said = await box.bash(`cd ${folder} && grep -c '' * /dev/null || true`);
  return new Map([...said.matchAll(/^([^/:]+):(\d+)$/gm)].map(([, name = '', count]) => [name, Number(count)]));
}
