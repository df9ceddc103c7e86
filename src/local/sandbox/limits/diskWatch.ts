import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { requireProgram } from '../../host/hostPrograms';

/** Below this much new data on the disk nothing is counted, in bytes. */
const smallestStep = 16 * 2 ** 20;

/**
 * Knows roughly how much a devbox has on disk, and counts only when it matters: whoever goes over a limit must have used
 * up free space on the disk first, and that is one cheap question.
 */
export class DiskWatch {
  readonly #folder: string;
  readonly #limit: number;
  #used: number | undefined;
  #freeThen = 0;
  #notBefore = 0;

  /**
   * @param folder of the devbox on the host
   * @param limit in bytes
   */
  constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#limit = limit;
  }

  /** Bytes the devbox has on disk if that is more than its limit. */
  async overLimit(signal: AbortSignal): Promise<number | undefined> {
    const disk = await statfs(this.#folder);
    const free = disk.bfree * disk.bsize;
    const room = this.#used === undefined ? 0 : this.#limit - this.#used;
    const taken = this.#freeThen - free;
    if (this.#used !== undefined && taken < Math.max(smallestStep, room / 2)) {
      return undefined;
    }
    if (Date.now() < this.#notBefore) {
      return undefined;
    }
    const began = Date.now();
    this.#used = await countBytes(this.#folder, signal);
    this.#freeThen = free;
    // A folder with very many files takes long to count; counting is to be a small part of the time.
    this.#notBefore = Date.now() + 5 * (Date.now() - began);
    return this.#used > this.#limit ? this.#used : undefined;
  }
}

/** Bytes that a folder takes on its disk; what is mounted in it does not count. */
function countBytes(folder: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile(requireProgram('du'), ['-sx', '-B1', '--', folder], { signal }, (error, stdout) => {
      const bytes = /^(\d+)/.exec(stdout)?.[1];
      // It complains of files that vanish meanwhile, and counts the rest.
      if (bytes === undefined) {
        reject(error ?? new Error('du printed no number'));
      } else {
        resolve(Number(bytes));
      }
    });
  });
}
