import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../errors';
import type { Limits } from '../limits/limits';
import type { Controller } from './hierarchies';

/** Weight of one core in the kernel's own units, for each version. */
const weightOfCore = { 1: 1_024, 2: 100 } as const;
const weights = { 1: [2, 262_144], 2: [1, 10_000] } as const;

/**
 * Which part of the memory may be what is on its way through network sockets. Version 1 counts it apart, and not at all unless
 * it is limited; all programs of the computer have some hundreds of megabytes for it together.
 */
const partForSockets = 8;

/** One folder of a group: a group has one in each tree of version 1, and one in all of version 2. */
export interface GroupFolder {
  readonly version: 1 | 2;
  readonly path: string;
  readonly controllers: readonly Controller[];
}

/** What a group may use at most. */
export type GroupLimits = Pick<Limits, 'memory' | 'processes' | 'cores'>;

/**
 * The files of a folder that set limits, with what belongs into them, in the order in which they must be written.
 * Memory means memory: what is swapped out is counted with it, or not allowed.
 */
export function limitWords(
  { version, path, controllers }: GroupFolder,
  { memory, processes, cores }: GroupLimits,
): readonly (readonly [string, string])[] {
  const words: (readonly [string, string])[] = [];
  const add = (name: string, value: number): void => void words.push([join(path, name), String(value)]);
  const addIfThere = (name: string, value: number): void => {
    if (existsSync(join(path, name))) {
      add(name, value);
    }
  };
  const [least, most] = weights[version];
  const weight = Math.min(most, Math.max(least, Math.round(cores * weightOfCore[version])));
  for (const controller of controllers) {
    switch (controller) {
      case 'memory':
        if (version === 1) {
          add('memory.limit_in_bytes', memory);
          addIfThere('memory.memsw.limit_in_bytes', memory);
          addIfThere('memory.kmem.tcp.limit_in_bytes', Math.floor(memory / partForSockets));
        } else {
          add('memory.max', memory);
          addIfThere('memory.swap.max', 0);
        }
        break;
      case 'pids':
        add('pids.max', processes);
        break;
      case 'cpu':
        add(version === 1 ? 'cpu.shares' : 'cpu.weight', weight);
        break;
    }
  }
  return words;
}

/**
 * The file through which a process of one thread enters a group by writing 0. Version 1 has one for single threads, which
 * spares the kernel a pause of all of the computer's forks.
 */
export function entrance({ version, path }: GroupFolder): string {
  return join(path, version === 1 ? 'tasks' : 'cgroup.procs');
}

/** What is known of a group's memory. */
export interface MemoryUse {
  /** Bytes, files of the disk that are kept in memory included. */
  readonly now: number;
  /** The most it ever was; undefined where the kernel does not tell. */
  readonly peak: number | undefined;
  /** Processes that the kernel has killed because there was no memory left. */
  readonly kills: number;
}

/** Reads what a group uses; undefined when the group is gone. */
export function readMemory({ version, path }: GroupFolder): MemoryUse | undefined {
  const names =
    version === 1
      ? (['memory.oom_control', 'memory.usage_in_bytes', 'memory.max_usage_in_bytes'] as const)
      : (['memory.events', 'memory.current', 'memory.peak'] as const);
  const [events, now, peak] = names.map((name) => read(join(path, name)));
  const kills = /^oom_kill (\d+)$/m.exec(events ?? '')?.[1];
  if (now === undefined || kills === undefined) {
    return undefined;
  }
  return { now: Number(now), peak: peak === undefined ? undefined : Number(peak), kills: Number(kills) };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') {
      return undefined;
    }
    throw error;
  }
}
