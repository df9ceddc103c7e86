import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors';
import { freeBytes } from './databaseErrors';

/** Bytes that are kept for what has to be written down even on a full disk: how devboxes end, and what was asked for. */
const size = 8 * 2 ** 20;

/** Free bytes beside the reserve below which nothing new begins. */
const leastRoom = 4 * 2 ** 20;

/** Room on the data folder's disk that is given up when the disk is full, and taken again when it is not. */
export class Reserve {
  readonly #folder: string;
  readonly #file: string;

  /** A platform that starts on a full disk needs room to say so. */
  static giveIfFull(folder: string): void {
    if (freeBytes(folder) < leastRoom) {
      rmSync(join(folder, 'reserve'), { force: true });
    }
  }

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'reserve');
    this.take();
  }

  /** True while something new may begin. Takes the reserve again when there is room for it. */
  hasRoom(): boolean {
    const free = this.#free();
    if (this.#taken()) {
      return free >= leastRoom;
    }
    this.take();
    return this.#taken();
  }

  /** Gives the reserve up: what is written next has room. */
  give(): void {
    rmSync(this.#file, { force: true });
  }

  /** Takes the reserve, if there is room for twice as much. */
  take(): void {
    if (this.#taken() || this.#free() < 2 * size) {
      return;
    }
    let file: number | undefined;
    try {
      file = openSync(this.#file, 'w', 0o600);
      const zeros = Buffer.alloc(2 ** 20);
      for (let written = 0; written < size; written += zeros.length) {
        writeSync(file, zeros);
      }
    } catch (error) {
      this.give();
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT' && codeOf(error) !== 'EMFILE') {
        throw error;
      }
    } finally {
      if (file !== undefined) {
        closeSync(file);
      }
    }
  }

  #taken(): boolean {
    return statSync(this.#file, { throwIfNoEntry: false })?.size === size;
  }

  #free(): number {
    return freeBytes(this.#folder);
  }
}
