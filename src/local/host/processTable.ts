import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { type ProcessScope, attempt, linkOf, textOf } from './scopeProcesses';

/** What the processes of one devbox use. */
export interface ProcessUse {
  processes: number;
  /** Bytes of memory that belong to no file. */
  memory: number;
  largest: { pid: number; memory: number } | undefined;
}

/** Bytes in a page of memory, as the kernel tells every program at its start (`AT_PAGESZ`, entry 6 of its list). */
function readPageSize(): number {
  const entries = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= entries.length; at += 16) {
    if (entries.readBigUInt64LE(at) === 6n) {
      return Number(entries.readBigUInt64LE(at + 8));
    }
  }
  return 4_096;
}

/** Reads from /proc whose processes use how much. Who a process belongs to is looked up once, its memory each time. */
export class ProcessTable {
  /** Owner of each known process: a namespace's link, or a mark. */
  #owners = new Map<number, string>();
  readonly #pageSize = readPageSize();
  readonly #own = linkOf('/proc/self/ns/pid');

  /** What the processes of these devboxes use now, in the same order. */
  measure(scopes: readonly ProcessScope[]): readonly ProcessUse[] {
    const uses = scopes.map((): ProcessUse => ({ processes: 0, memory: 0, largest: undefined }));
    const byOwner = new Map<string, ProcessUse>();
    for (const [index, scope] of scopes.entries()) {
      const owner = scope.kind === 'mark' ? scope.mark : linkOf(`/proc/${scope.firstProcess}/ns/pid`);
      const use = uses[index];
      if (owner !== '' && use !== undefined) {
        byOwner.set(owner, use);
      }
    }
    const marks = scopes.some((scope) => scope.kind === 'mark');
    const owners = new Map<number, string>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) {
        continue;
      }
      const owner = this.#owners.get(pid) ?? this.#ownerOf(pid, marks);
      if (owner === '') {
        continue;
      }
      // A process without a mark may be about to get one.
      if (owner !== this.#own || !marks) {
        owners.set(pid, owner);
      }
      const use = byOwner.get(owner);
      if (use !== undefined) {
        add(use, pid, this.#pageSize);
      }
    }
    this.#owners = owners;
    for (const [index, scope] of scopes.entries()) {
      const use = uses[index];
      if (scope.kind === 'namespace' && use !== undefined) {
        use.memory += sharedMemory(scope.firstProcess);
      }
    }
    return uses;
  }

  /** Forgets who belongs to whom: numbers of processes come to mean others in time. */
  forget(): void {
    this.#owners.clear();
  }

  #ownerOf(pid: number, marks: boolean): string {
    const namespace = linkOf(`/proc/${pid}/ns/pid`);
    if (namespace !== this.#own || !marks) {
      return namespace;
    }
    const environment = textOf(`/proc/${pid}/environ`);
    return /(?:^|\0)RUNLOOP_LOCAL_DEVBOX=([^\0]*)/.exec(environment)?.[1] ?? namespace;
  }
}

function add(use: ProcessUse, pid: number, pageSize: number): void {
  const [, resident = 0, shared = 0] = textOf(`/proc/${pid}/statm`).split(' ').map(Number);
  const memory = Math.max(0, resident - shared) * pageSize;
  use.processes += 1;
  use.memory += memory;
  if (memory > (use.largest?.memory ?? -1)) {
    use.largest = { pid, memory };
  }
}

/** Bytes in a devbox's /dev/shm, which no process need have mapped. */
function sharedMemory(firstProcess: number): number {
  const filled = attempt(() => statfsSync(`/proc/${firstProcess}/root/dev/shm`), undefined);
  return filled === undefined ? 0 : (filled.blocks - filled.bfree) * filled.bsize;
}
