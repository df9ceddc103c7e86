import { type ProcessScope, entries, linkOf, processesIn } from '../scopeProcesses';

/** Whether processes of a devbox hold all of these sockets. */
export function ownsSockets(scope: ProcessScope, inodes: readonly string[]): boolean {
  const missing = new Set(inodes.map(linkTo));
  for (const pid of processesIn(scope)) {
    for (const link of socketsOf(pid)) {
      missing.delete(link);
      if (missing.size === 0) return true;
    }
  }
  return false;
}

/** Numbers of the processes of this computer that hold one of these sockets. */
export function holdersOf(inodes: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(inodes.map(linkTo));
  return new Set(
    entries('/proc').filter((pid) => /^\d+$/.test(pid) && [...socketsOf(pid)].some((link) => wanted.has(link))),
  );
}

function linkTo(inode: string): string {
  return `socket:[${inode}]`;
}

function* socketsOf(pid: string): Generator<string> {
  for (const descriptor of entries(`/proc/${pid}/fd`)) yield linkOf(`/proc/${pid}/fd/${descriptor}`);
}
