import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { SequentialQueue } from '../../../ground/sequentialQueue';
import { heldFiles } from '../../host/hiddenUse';
import { requireProgram } from '../../host/hostPrograms';
import type { ProcessScope } from '../../host/scopeProcesses';
import { type Limits, gibibytes } from './limits';

/** Below this much new data on the disk nothing is counted, in bytes. */
const smallestStep = 16 * 2 ** 20;
/** Below so many new files nothing is counted. */
const fewFiles = 8_192;

/** What a devbox has on disk. */
interface DiskUse {
  /** Those in files that were removed and are still open too. */
  readonly bytes: number;
  /** Without those. */
  readonly shown: number;
  readonly files: number;
}

/** What was free on the disk when it was counted. */
interface Room {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Knows roughly how much a devbox has on disk, and counts only when it matters: whoever goes over a limit must have used
 * up free space on the disk first, and that is one cheap question.
 */
export class DiskWatch {
  readonly #folder: string;
  readonly #limits: Pick<Limits, 'disk' | 'files'>;
  readonly #scope: ProcessScope;
  readonly #counts: SequentialQueue;
  #used: DiskUse | undefined;
  #freeThen: Room = { bytes: 0, files: 0 };
  #notBefore = 0;

  /**
   * @param folder of the devbox on the host
   * @param scope of its processes, which may hold files that are in no folder
   * @param counts of all devboxes: each starts a program
   */
  constructor(
    folder: string,
    limits: Pick<Limits, 'disk' | 'files'>,
    scope: ProcessScope,
    counts = new SequentialQueue(),
  ) {
    this.#folder = folder;
    this.#limits = limits;
    this.#scope = scope;
    this.#counts = counts;
  }

  /** What the devbox has on disk if that is more than its limit, in words. */
  async overLimit(signal: AbortSignal): Promise<string | undefined> {
    const disk = await statfs(this.#folder);
    const free = { bytes: disk.bfree * disk.bsize, files: disk.ffree };
    if (this.#used !== undefined && !this.#hasLessRoom(free, this.#used) && !this.#hasFewerFiles(free, this.#used)) {
      return undefined;
    }
    if (Date.now() < this.#notBefore) {
      return undefined;
    }
    const began = Date.now();
    // Each only where there is less room of its kind: for either the whole folder is gone through.
    const before = this.#used;
    const bytes =
      before === undefined || this.#hasLessRoom(free, before) ? await this.#count(['-B1'], signal) : before.shown;
    const files =
      before === undefined || this.#hasFewerFiles(free, before)
        ? await this.#count(['--inodes'], signal)
        : before.files;
    this.#used = { bytes: bytes + (await heldFiles(this.#scope)).disk, shown: bytes, files };
    this.#freeThen = free;
    // A folder with very many files takes long to count; counting is to be a small part of the time.
    this.#notBefore = Date.now() + 5 * (Date.now() - began);
    if (this.#used.bytes > this.#limits.disk) {
      return `${gibibytes(this.#used.bytes)} of ${gibibytes(this.#limits.disk)} on disk`;
    }
    return files > this.#limits.files ? `${files} of ${this.#limits.files} files and folders on disk` : undefined;
  }

  async #count(what: readonly string[], signal: AbortSignal): Promise<number> {
    await this.#counts.next();
    return count(what, this.#folder, signal);
  }

  #hasLessRoom(free: Room, used: DiskUse): boolean {
    return this.#freeThen.bytes - free.bytes >= Math.max(smallestStep, (this.#limits.disk - used.bytes) / 2);
  }

  #hasFewerFiles(free: Room, used: DiskUse): boolean {
    return this.#freeThen.files - free.files >= Math.max(fewFiles, (this.#limits.files - used.files) / 2);
  }
}

/** Bytes or files that a folder takes on its disk; what is mounted in it does not count. */
function count(what: readonly string[], folder: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile(requireProgram('du'), ['-sx', ...what, '--', folder], { signal }, (error, stdout) => {
      const number = /^(\d+)/.exec(stdout)?.[1];
      // It complains of files that vanish meanwhile, and counts the rest.
      if (number === undefined) {
        reject(error ?? new Error('du printed no number'));
      } else {
        resolve(Number(number));
      }
    });
  });
}
