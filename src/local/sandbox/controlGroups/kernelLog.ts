import { closeSync, constants, openSync, readSync } from 'node:fs';
import { codeOf } from '../../errors';

/** The most lines the kernel's log is looked through for, and the length of the longest, in bytes. */
const mostLines = 50_000;
const longestLine = 8_192;

/** A process that the kernel has ended because its group had no memory left. */
export interface KilledProcess {
  /** Its name, as it gave it to itself. */
  readonly name: string;
  /** Bytes it had. */
  readonly memory: number;
}

/**
 * Looks in the kernel's log for the process of a group that was killed last; undefined where the log may not be read or
 * does not tell.
 * @param group name of the group's folder
 */
export function lastKilled(group: string): KilledProcess | undefined {
  let mine = false;
  let found: KilledProcess | undefined;
  for (const line of kernelLines()) {
    const memoryOf = /,task_memcg=([^,]*),/.exec(line)?.[1];
    if (memoryOf !== undefined) {
      mine = memoryOf.endsWith(`/${group}`);
    }
    const [, name, kilobytes] = /Killed process \d+ \((.*)\) .*\banon-rss:(\d+)kB/.exec(line) ?? [];
    if (mine && name !== undefined && kilobytes !== undefined) {
      found = { name, memory: Number(kilobytes) * 1_024 };
    }
  }
  return found;
}

/** The kernel's lines, oldest first; unprintable characters are escaped in them. */
function* kernelLines(): Generator<string> {
  let log: number;
  try {
    log = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (['EPERM', 'EACCES', 'ENOENT', 'ENODEV', 'ENXIO'].includes(codeOf(error) ?? '')) {
      return;
    }
    throw error;
  }
  try {
    const buffer = Buffer.alloc(longestLine);
    for (let count = 0; count < mostLines; count += 1) {
      try {
        yield buffer.toString('latin1', 0, readSync(log, buffer));
      } catch (error) {
        // The oldest lines have just been overwritten: it goes on with the next one that is there.
        if (codeOf(error) !== 'EPIPE') {
          return;
        }
      }
    }
  } finally {
    closeSync(log);
  }
}
