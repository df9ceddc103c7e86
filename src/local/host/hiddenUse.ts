import { readFileSync, statfsSync, statSync } from 'node:fs';
import type { ProcessScope } from './processTable';
import { attempt, entries, linkOf, processesIn, textOf } from './scopeProcesses';

/** The kernel's number for file systems that are memory. */
const memoryFileSystem = 0x0102_1994;

/** Bytes that a devbox has in what no folder and no process's own memory shows. */
export interface HiddenUse {
  /** In files on disk that were removed while they were open. */
  readonly disk: number;
  /** In files and file systems that are memory. */
  readonly memory: number;
}

/** All bytes in files and file systems of memory on this computer: only if these have grown can a devbox have more of them. */
export function sharedMemoryOfAll(): number {
  const kibibytes = /^Shmem: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

/** Looks for what the processes of a devbox hold beside its folder and their own memory. What is in its /dev/shm does not count. */
export function hiddenUse(scope: ProcessScope): HiddenUse {
  const use = { disk: 0, memory: 0 };
  const seen = new Set<string>();
  const own = linkOf('/proc/self/ns/mnt');
  if (scope.kind === 'namespace') {
    const shared = attempt(() => statSync(`/proc/${scope.firstProcess}/root/dev/shm`, { bigint: true }), undefined);
    seen.add(`tmpfs ${shared?.dev ?? ''}`);
  }
  for (const pid of processesIn(scope)) {
    const space = linkOf(`/proc/${pid}/ns/mnt`);
    if (space !== '' && space !== own && !seen.has(space)) {
      seen.add(space);
      addMounts(pid, seen, use);
    }
    for (const place of heldPlaces(pid)) {
      addFile(place, seen, use);
    }
  }
  return use;
}

/** What a process has open or mapped that has no name any more. */
function* heldPlaces(pid: string): Generator<string> {
  for (const descriptor of entries(`/proc/${pid}/fd`)) {
    const place = `/proc/${pid}/fd/${descriptor}`;
    if (linkOf(place).endsWith(' (deleted)')) {
      yield place;
    }
  }
  for (const line of textOf(`/proc/${pid}/maps`).split('\n')) {
    if (line.endsWith(' (deleted)')) {
      yield `/proc/${pid}/map_files/${line.slice(0, line.indexOf(' '))}`;
    }
  }
}

function addFile(place: string, seen: Set<string>, use: { disk: number; memory: number }): void {
  const found = attempt(() => statSync(place, { bigint: true }), undefined);
  if (found?.isFile() !== true || found.nlink !== 0n) {
    return;
  }
  const key = `${found.dev}:${found.ino}`;
  if (seen.has(key) || seen.has(`tmpfs ${found.dev}`)) {
    return;
  }
  seen.add(key);
  const bytes = Number(found.blocks) * 512;
  if (attempt(() => statfsSync(place).type === memoryFileSystem, false)) {
    use.memory += bytes;
  } else {
    use.disk += bytes;
  }
}

/** File systems of memory that a devbox has mounted for itself. */
function addMounts(pid: string, seen: Set<string>, use: { memory: number }): void {
  for (const line of textOf(`/proc/${pid}/mountinfo`).split('\n')) {
    const [place = '', kind = ''] = [line.split(' ')[4], line.split(' - ')[1]?.split(' ')[0]];
    if (kind !== 'tmpfs' && kind !== 'ramfs') {
      continue;
    }
    const path = `/proc/${pid}/root${place.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))}`;
    const dev = attempt(() => statSync(path, { bigint: true }).dev, undefined);
    const filled = attempt(() => statfsSync(path), undefined);
    if (dev === undefined || filled?.type !== memoryFileSystem || seen.has(`tmpfs ${dev}`)) {
      continue;
    }
    seen.add(`tmpfs ${dev}`);
    use.memory += (filled.blocks - filled.bfree) * filled.bsize;
  }
}
