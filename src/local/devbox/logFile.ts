import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { countNewlines } from './logReader';
import { keptOfOlder } from './logShares';

/** Entries between two known places in the file. */
const indexStep = 1024;
/** Bytes read at once. */
const readSize = 256 * 1024;

/** Each source keeps such a part of the limit. Together they leave room until the next time. */
const sharesOfLimit = 16;

/** What no log has, its bytes read as characters: control characters, and entries that do not begin and end as objects do. */
const notLog = /[^\n\x20-\xff]|\n[^{]|[^}]\n/;

/** Where an entry is to be found. */
export interface EntryPosition {
  /** A place in the file where an entry begins. */
  readonly position: number;
  /** Entries from there to the one that is looked for. */
  readonly skip: number;
}

/**
 * The file of a log: whole entries, one JSON object on a line each, appended in one piece or not at all. When it grows over
 * its limit, the older half goes, but for the newest of each source, and a first entry says so. Entries keep their numbers.
 */
export class LogFile {
  readonly path: string;
  /** Where what was in its place went, which was no log. */
  readonly setAside: string | undefined;
  readonly #limit: number;
  #file: number;
  /** Number of the file's first entry. */
  #base = 0;
  /** Where entry `base + n * indexStep` begins. */
  #index: number[] = [0];
  #count = 0;
  #size = 0;
  #generation = 0;

  /**
   * Opens the file and takes over what is in it already.
   * @param limit bytes above which the older half goes
   * @throws the system's error
   */
  constructor(path: string, limit: number) {
    this.path = path;
    this.#limit = limit;
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFile() === false) {
      this.setAside = setAside(path);
    }
    this.#file = openSync(path, 'a+', 0o600);
    if (!this.#recover()) {
      closeSync(this.#file);
      this.setAside = setAside(path);
      this.#file = openSync(path, 'a+', 0o600);
      this.#recover();
    }
  }

  /** Entries so far, dropped ones too: the number of the next one. */
  get count(): number {
    return this.#base + this.#count;
  }

  /** Number of the first entry that is there. */
  get base(): number {
    return this.#base;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Changes when entries were dropped: who reads has to open the file anew then. */
  get generation(): number {
    return this.#generation;
  }

  /** Where an entry is that is still there. */
  positionOf(number: number): EntryPosition {
    const at = Math.max(0, number - this.#base);
    return { position: this.#index[Math.floor(at / indexStep)] ?? 0, skip: at % indexStep };
  }

  /**
   * Adds whole entries.
   * @param notice makes the entry that says how many were dropped
   * @throws the system's error; then nothing was added
   */
  append(bytes: Buffer, entries: number, notice: (dropped: number) => string): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(this.#file, bytes, written);
      }
    } catch (error) {
      ftruncateSync(this.#file, this.#size);
      throw error;
    }
    this.#take(bytes, entries);
    if (this.#size > this.#limit) {
      this.#dropOldest(notice);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Makes a new file of the newer half and of what each source has said last. Where the disk has no room for that, the log just stays as it is. */
  #dropOldest(notice: (dropped: number) => string): void {
    const fresh = `${this.path}.new`;
    const log = this.#whole();
    const from = log.indexOf(10, log.length - Math.floor(this.#limit / 2)) + 1;
    const kept = keptOfOlder(log, from, Math.floor(this.#limit / sharesOfLimit), isNotice);
    let file: number | undefined;
    try {
      file = openSync(fresh, 'w+', 0o600);
      const dropped = this.#base + countNewlines(log.subarray(0, from)) - kept.length;
      const left = [Buffer.from(notice(dropped)), ...kept, log.subarray(from)];
      for (const bytes of left) {
        for (let written = 0; written < bytes.length;) {
          written += writeSync(file, bytes, written);
        }
      }
      renameSync(fresh, this.path);
      closeSync(this.#file);
      this.#file = file;
      // The notice has the number of the last one that went.
      this.#base = Math.max(0, dropped - 1);
      this.#generation += 1;
      [this.#index, this.#count, this.#size] = [[0], 0, 0];
      // Not read again: that would hold everybody up as long once more.
      left.forEach((bytes) => this.#take(bytes));
    } catch (error) {
      if (file !== undefined) {
        closeSync(file);
      }
      rmSync(fresh, { force: true });
      throw error;
    }
  }

  #whole(): Buffer {
    const log = Buffer.alloc(this.#size);
    let at = 0;
    for (let read = -1; at < log.length && read !== 0; at += read) {
      read = readSync(this.#file, log, at, log.length - at, at);
    }
    return log.subarray(0, at);
  }

  /**
   * Counts whole entries that come behind those that are counted, and notes where every 1024th of all begins.
   * @param known how many they are, where that is known
   */
  #take(bytes: Buffer, known?: number): void {
    const offset = this.#size;
    this.#size += bytes.length;
    if (known !== undefined && (this.#count % indexStep) + known < indexStep) {
      this.#count += known;
      return;
    }
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, end + 1)) {
      this.#count += 1;
      if (this.#count % indexStep === 0) {
        this.#index.push(offset + end + 1);
      }
    }
  }

  /** Takes over what is in the file; false if something else than a log has written it. */
  #recover(): boolean {
    [this.#index, this.#count, this.#size] = [[0], 0, 0];
    const { size } = fstatSync(this.#file);
    const chunk = Buffer.alloc(Math.min(size, readSize));
    for (let at = 0; at < size;) {
      const read = readSync(this.#file, chunk, 0, chunk.length, at);
      if (read === 0) {
        break;
      }
      const bytes = chunk.subarray(0, read);
      const last = bytes.lastIndexOf(10);
      if (last !== -1) {
        const whole = bytes.subarray(0, last + 1);
        if (!isLog(whole)) {
          return false;
        }
        this.#size = at;
        this.#take(whole);
      }
      at += read;
    }
    // An entry that was half written when the platform was killed never was one.
    if (this.#size < size) {
      ftruncateSync(this.#file, this.#size);
    }
    return true;
  }
}

/** Entries begin and end as objects of JSON do, and have no control characters in them. A part of one may come first. */
function isLog(lines: Buffer): boolean {
  return isUtf8(lines.subarray(lines.indexOf(10) + 1)) && !notLog.test(lines.toString('latin1'));
}

/** An entry that said what was dropped before. */
function isNotice(entry: Buffer): boolean {
  return entry.includes('"source":"kmsg"') && entry.includes(' entries were dropped: a log keeps ');
}

function setAside(path: string): string {
  const aside = `${path}.damaged`;
  rmSync(aside, { recursive: true, force: true });
  renameSync(path, aside);
  return aside;
}
