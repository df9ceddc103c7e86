import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type ProcessScope, attempt, attempted, entries, linkOf, processesIn, textOf } from './scopeProcesses';

/** Descriptors that are looked at before everybody else has a turn. */
const atOnce = 1_000;

/** How many files, sockets and pipes are open on this computer: only if these have grown can a devbox have more of them. */
export function openFilesOfAll(): number {
  return Number.parseInt(readFileSync('/proc/sys/fs/file-nr', 'latin1'), 10);
}

/** Descriptors of all processes of a devbox together. */
export function descriptorsOf(scope: ProcessScope): number {
  let sum = 0;
  for (const pid of processesIn(scope)) {
    const folder = `/proc/${pid}/fd`;
    // Older kernels do not tell the number without the names.
    sum += attempt(() => statSync(folder).size, 0) || entries(folder).length;
  }
  return sum;
}

/** Bytes that the kernel keeps for programs and cannot give back: only if these have grown can a devbox have more watched. */
export function kernelMemoryOfAll(): number {
  const kibibytes = /^SUnreclaim: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

/** How many files the kernel watches (epoll) for the processes of one user number at most, in all devboxes together. */
export function mostWatches(): number {
  return Number.parseInt(textOf('/proc/sys/fs/epoll/max_user_watches'), 10) || Infinity;
}

/** How many files the kernel watches (epoll) for the processes of a devbox; if more than `enough`, it is not counted to the end. */
export async function watchesOf(scope: ProcessScope, enough: number): Promise<number> {
  let sum = 0;
  let looked = 0;
  await setImmediate();
  for (const pid of processesIn(scope)) {
    for (const name of entries(`/proc/${pid}/fd`)) {
      looked += 1;
      if (looked % atOnce === 0) await setImmediate();
      if (linkOf(`/proc/${pid}/fd/${name}`) !== 'anon_inode:[eventpoll]') continue;
      sum += linesWith('tfd:', await attempted(readFile(`/proc/${pid}/fdinfo/${name}`), Buffer.of()));
      if (sum > enough) return sum;
    }
  }
  return sum;
}

function linesWith(word: string, text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) count += 1;
  return count;
}
