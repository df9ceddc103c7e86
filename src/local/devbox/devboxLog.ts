import { closeSync, ftruncateSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Wakeups } from '../wakeups';

/** Where an entry of a devbox's log comes from. */
export type LogSource = 'setup_commands' | 'entrypoint' | 'exec' | 'files' | 'stats' | 'kmsg';

/** One entry of a devbox's log. */
export interface LogEntry {
  readonly source: LogSource;
  readonly level: 'info' | 'warning' | 'error';
  /** Unix milliseconds. */
  readonly time: number;
  readonly message?: string;
  readonly cmd?: string;
  /** The execution that it belongs to. */
  readonly cmdId?: string | undefined;
  readonly shellName?: string | undefined;
  readonly exitCode?: number;
}

/** Entries as they lie in the file: one JSON object per line, each as the API shows it. */
export interface LogBatch {
  /** Number of the first entry, counted from 0. */
  readonly first: number;
  readonly count: number;
  /** The entries, each ended by a newline. */
  readonly bytes: Buffer;
}

/** Entries between two known places in the file. */
const indexStep = 1024;
/** Bytes read at once. */
const readSize = 256 * 1024;
/** Bytes gathered before they are written although the present turn has not ended. */
const writeSize = 256 * 1024;

/**
 * The log of one devbox, kept in a file: memory stays the same however long it gets, and what was appended is there
 * again after the platform was killed. Read whole or followed by any number of readers; a slow reader holds up nobody.
 */
export class DevboxLog {
  readonly #path: string;
  readonly #file: number;
  /** Where entry `n * indexStep` begins. */
  readonly #index: number[] = [0];
  readonly #wakeups = new Wakeups();
  #pending: string[] = [];
  #pendingCharacters = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #count = 0;
  #size = 0;
  #lastTime = 0;
  #closed = false;

  /**
   * Opens the log, and takes over what is in its file already.
   * @throws Error from the file system
   */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a+', 0o600);
    this.#recover();
  }

  /**
   * Opens a log that may have come to its end already.
   * @throws Error from the file system
   */
  static open(path: string, ended: boolean): DevboxLog {
    const log = new DevboxLog(path);
    if (ended) log.close();
    return log;
  }

  /** Entries so far. */
  get count(): number {
    this.#flush();
    return this.#count;
  }

  /** Bytes of all entries. */
  get size(): number {
    this.#flush();
    return this.#size;
  }

  /** Adds an entry and wakes those who follow. Times never go back, so that order and time tell the same. */
  append(entry: Omit<LogEntry, 'time'>): void {
    if (this.#closed) return;
    this.#lastTime = Math.max(Date.now(), this.#lastTime);
    const line = `${JSON.stringify(logView({ ...entry, time: this.#lastTime }))}\n`;
    this.#pending.push(line);
    this.#pendingCharacters += line.length;
    if (this.#pendingCharacters > writeSize) this.#flush();
    // Once per turn: a chunk of output is hundreds of lines.
    else this.#scheduled ??= setImmediate(() => this.#flush());
  }

  /** Nothing will be added any more; those who follow come to their end. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    closeSync(this.#file);
    this.#wakeups.wake();
  }

  /**
   * Entries from number `from` (counted from 0) on. With `follow`, new ones as they come, until the log is closed;
   * without, up to the last one of now. Ends early when `signal` aborts.
   */
  async *read(from: number, follow: boolean, signal: AbortSignal): AsyncGenerator<LogBatch> {
    this.#flush();
    const upTo = this.#count;
    let first = Math.max(0, from);
    // With an end already reached there is nothing to open.
    let reader: LogReader | undefined;
    try {
      while (!signal.aborted) {
        if (first < this.#count && (follow || first < upTo)) {
          reader ??= await LogReader.open(
            this.#path,
            this.#index[Math.floor(first / indexStep)] ?? 0,
            first % indexStep,
          );
          const bytes = await reader.next(this.#size);
          if (bytes.length === 0) continue;
          const count = countNewlines(bytes);
          yield { first, count, bytes };
          first += count;
        } else if (this.#closed || !follow) {
          return;
        } else {
          await this.#wakeups.next(signal);
        }
      }
    } finally {
      await reader?.close();
    }
  }

  /** Writes what is pending in one go. Into the page cache only: that survives the platform's death, not the computer's. */
  #flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#pending.length === 0) return;
    const bytes = Buffer.from(this.#pending.join(''));
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingCharacters = 0;
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    if ((this.#count % indexStep) + lines.length >= indexStep) this.#extendIndex(bytes, this.#size);
    this.#count += lines.length;
    this.#size += bytes.length;
    this.#wakeups.wake();
  }

  /** Notes where every 1024th entry begins. `bytes` are whole entries that begin at `offset`. */
  #extendIndex(bytes: Buffer, offset: number): void {
    let count = this.#count;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, end + 1)) {
      count += 1;
      if (count % indexStep === 0) this.#index.push(offset + end + 1);
    }
  }

  #recover(): void {
    const { size } = fstatSync(this.#file);
    const chunk = Buffer.alloc(Math.min(size, readSize));
    let end = 0;
    for (let at = 0; at < size;) {
      const read = readSync(this.#file, chunk, 0, chunk.length, at);
      if (read === 0) break;
      const bytes = chunk.subarray(0, read);
      const last = bytes.lastIndexOf(10);
      if (last !== -1) {
        const whole = bytes.subarray(0, last + 1);
        this.#extendIndex(whole, at);
        this.#count += countNewlines(whole);
        end = at + last + 1;
      }
      at += read;
    }
    // An entry that was half written when the platform was killed never was one.
    if (end < size) ftruncateSync(this.#file, end);
    this.#size = end;
  }
}

/** Reads whole entries out of the file, from a place where one begins. */
class LogReader {
  readonly #file: FileHandle;
  #position: number;
  #skip: number;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(file: FileHandle, position: number, skip: number) {
    this.#file = file;
    this.#position = position;
    this.#skip = skip;
  }

  static async open(path: string, position: number, skip: number): Promise<LogReader> {
    return new LogReader(await open(path, 'r'), position, skip);
  }

  /** The next whole entries before the byte `size`; empty when only a part of one, or skipped ones, were read. */
  async next(size: number): Promise<Buffer> {
    const wanted = Math.min(readSize, size - this.#position);
    if (wanted <= 0) return Buffer.alloc(0);
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#position);
    this.#position += bytesRead;
    const bytes =
      this.#rest.length === 0
        ? buffer.subarray(0, bytesRead)
        : Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(10) + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    let begin = 0;
    while (this.#skip > 0 && begin < end) {
      begin = bytes.indexOf(10, begin) + 1;
      this.#skip -= 1;
    }
    return bytes.subarray(begin, end);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, end + 1)) count += 1;
  return count;
}

/** A log entry as the API shows it. */
function logView(entry: LogEntry): Record<string, unknown> {
  return {
    level: entry.level,
    source: entry.source,
    timestamp_ms: entry.time,
    ...(entry.message === undefined ? {} : { message: entry.message }),
    ...(entry.cmd === undefined ? {} : { cmd: entry.cmd }),
    ...(entry.cmdId === undefined ? {} : { cmd_id: entry.cmdId }),
    ...(entry.shellName === undefined ? {} : { shell_name: entry.shellName }),
    ...(entry.exitCode === undefined ? {} : { exit_code: entry.exitCode }),
  };
}
