import { readFileSync, statSync } from 'node:fs';
import { type ProcessScope, attempt, entries, processesIn } from './scopeProcesses';

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
