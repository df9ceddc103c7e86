import { closeSync, constants, openSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type ProcessScope, attempt, attempted, entries, linkOf, processesIn } from './scopeProcesses';

/** The kernel's number for file systems that are memory. */
const memoryFileSystem = 0x0102_1994;

/** Descriptors that are looked at before everybody else has a turn: a devbox may have a hundred thousand. */
const atOnce = 1_000;

/** Bytes of a path that the kernel takes at once: it has 4,096 with the end. */
const atOnceInPath = 4_000;

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

/** Bytes in which the kernel may tell what a devbox has mounted, and in which one place may be told. */
const mostText = 2 ** 26;
const longestPlace = 2 ** 20;

/** A devbox has mounted so much, or so deep, that to look at it would keep everybody else waiting. */
export class TooMuchMounted extends Error {}

/**
 * Looks for what the processes of a devbox hold beside its folder and their own memory. What is in its /dev/shm does not count.
 * @throws {@link TooMuchMounted}
 */
export async function hiddenUse(scope: ProcessScope): Promise<HiddenUse> {
  const seen = new Set<string>();
  const mounted = await addMounts(scope, seen);
  const { disk, memory } = await heldFiles(scope, seen);
  return { disk, memory: memory + mounted };
}

/** Looks for what the processes of a devbox hold in files without a name. */
export async function heldFiles(scope: ProcessScope, seen = new Set<string>()): Promise<HiddenUse> {
  let looked = 0;
  const use = { disk: 0, memory: 0 };
  for (const pid of processesIn(scope)) {
    for (const place of heldPlaces(pid)) {
      looked += 1;
      if (looked % atOnce === 0) {
        await setImmediate();
      }
      if (place !== undefined) {
        addFile(place, seen, use);
      }
    }
  }
  return use;
}

/**
 * What a process has open or mapped that has no name any more; undefined for what has one. (Its `maps` would tell it at
 * once, but with all paths: some gigabytes, if a process wants it so.)
 */
function* heldPlaces(pid: string): Generator<string | undefined> {
  for (const folder of ['fd', 'map_files']) {
    for (const name of entries(`/proc/${pid}/${folder}`)) {
      const place = `/proc/${pid}/${folder}/${name}`;
      const leads = linkOf(place);
      // Without a word where it leads, it may be too deep for one.
      yield leads === '' || leads.endsWith(' (deleted)') ? place : undefined;
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

/** Bytes in file systems of memory that a devbox has mounted for itself. */
async function addMounts(scope: ProcessScope, seen: Set<string>): Promise<number> {
  const spaces = new Set([linkOf('/proc/self/ns/mnt'), '']);
  if (scope.kind === 'namespace') {
    const shared = attempt(() => statSync(`/proc/${scope.firstProcess}/root/dev/shm`, { bigint: true }), undefined);
    seen.add(`tmpfs ${shared?.dev ?? ''}`);
  }
  let bytes = 0;
  let text = 0;
  for (const pid of processesIn(scope)) {
    const space = linkOf(`/proc/${pid}/ns/mnt`);
    if (spaces.has(space)) {
      continue;
    }
    spaces.add(space);
    for await (const line of linesOf(`/proc/${pid}/mountinfo`, mostText - text)) {
      text += line.length;
      bytes += mountedMemory(pid, line, seen);
    }
  }
  return bytes;
}

/** Bytes in the file system of memory that a line tells of, if it is one and was not seen. */
function mountedMemory(pid: string, line: string, seen: Set<string>): number {
  const [place = '', kind = ''] = [line.split(' ')[4], line.split(' - ')[1]?.split(' ')[0]];
  if (kind !== 'tmpfs' && kind !== 'ramfs') {
    return 0;
  }
  const name = place.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  const path = Buffer.from(`/proc/${pid}/root${name}`, 'latin1');
  const dev = attempt(() => atDepth(path, (near) => statSync(near, { bigint: true }).dev), undefined);
  const filled = attempt(() => atDepth(path, (near) => statfsSync(near)), undefined);
  if (dev === undefined || filled?.type !== memoryFileSystem || seen.has(`tmpfs ${dev}`)) {
    return 0;
  }
  seen.add(`tmpfs ${dev}`);
  return (filled.blocks - filled.bfree) * filled.bsize;
}

/**
 * The lines of a file of the kernel's, read bit by bit and by another thread; none if it is not there any more.
 * @throws {@link TooMuchMounted} if they have more bytes in all than they may
 */
async function* linesOf(path: string, most: number): AsyncGenerator<string> {
  const file = await attempted(open(path), undefined);
  if (file === undefined) {
    return;
  }
  try {
    const chunk = Buffer.alloc(2 ** 16);
    let left = most;
    let begun = '';
    for (;;) {
      const { bytesRead } = await attempted(file.read(chunk), { bytesRead: 0 });
      left -= bytesRead;
      const [first = '', ...others] = chunk.toString('latin1', 0, bytesRead).split('\n');
      begun += first;
      if (left < 0 || begun.length > longestPlace) {
        throw new TooMuchMounted(`What it has mounted takes more than ${most} bytes to tell.`);
      }
      for (const next of others) {
        yield begun;
        begun = next;
      }
      if (bytesRead === 0) {
        return;
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * Looks at a place that may be deeper than the longest path of the kernel, by way of folders that are opened on the way.
 * @throws the system's error
 */
function atDepth<T>(place: Buffer, look: (near: Buffer) => T): T {
  if (place.length <= atOnceInPath) {
    return look(place);
  }
  const cut = place.lastIndexOf('/', atOnceInPath);
  const folder = openSync(place.subarray(0, cut), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return atDepth(Buffer.concat([Buffer.from(`/proc/self/fd/${folder}`), place.subarray(cut)]), look);
  } finally {
    closeSync(folder);
  }
}
