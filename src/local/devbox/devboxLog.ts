import { basename } from 'node:path';
import { messageOf } from '../errors';
import { shortageOf } from '../host/shortage';
import { Wakeups } from '../wakeups';
import { LogFile } from './logFile';
import { countNewlines, LogReader } from './logReader';
import type { LogSource } from './logSource';

export type { LogSource };

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

/** Bytes gathered before they are written although the present turn has not ended. */
const writeSize = 256 * 1024;

/** Bytes above which the older half of a log goes, but for the newest entries of each source. */
const largestLog = 32 * 1024 * 1024;

/**
 * The log of one devbox, kept in a file: memory stays the same however long it gets, and what was appended is there
 * again after the platform was killed. Read whole or followed by any number of readers; a slow reader holds up nobody.
 * What cannot be written, on a full disk, is counted and told when there is room again: nobody ends for a line of a log.
 */
export class DevboxLog {
  readonly #path: string;
  readonly #limit: number;
  readonly #wakeups = new Wakeups();
  #file: LogFile | undefined;
  #pending: string[] = [];
  #pendingCharacters = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #lost = 0;
  /** Why entries could not be written. */
  #trouble = '';
  #lastTime = 0;
  #closed = false;

  /**
   * Opens the log, and takes over what is in its file already.
   * @param limit bytes above which the older half goes
   */
  constructor(path: string, limit = largestLog) {
    this.#path = path;
    this.#limit = limit;
    this.#openFile();
  }

  /** Opens a log that may have come to its end already. */
  static open(path: string, ended: boolean): DevboxLog {
    const log = new DevboxLog(path);
    if (ended) log.close();
    return log;
  }

  /** Entries so far. */
  get count(): number {
    this.#flush();
    return this.#file?.count ?? 0;
  }

  /** Bytes of all entries that are there. */
  get size(): number {
    this.#flush();
    return this.#file?.size ?? 0;
  }

  /** Adds an entry and wakes those who follow. Times never go back, so that order and time tell the same. */
  append(entry: Omit<LogEntry, 'time'>): void {
    if (this.#closed) return;
    const line = this.#lineOf(entry);
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
    this.#file?.close();
    this.#wakeups.wake();
  }

  /**
   * Entries from number `from` (counted from 0) on. With `follow`, new ones as they come, until the log is closed;
   * without, up to the last one of now. Ends early when `signal` aborts.
   */
  async *read(from: number, follow: boolean, signal: AbortSignal): AsyncGenerator<LogBatch> {
    this.#flush();
    const upTo = this.#file?.count ?? 0;
    let first = Math.max(0, from);
    // With an end already reached there is nothing to open.
    let reader: { readonly entries: LogReader; readonly generation: number } | undefined;
    try {
      while (!signal.aborted) {
        const file = this.#file;
        // What was dropped meanwhile is not to be had any more; the entry in its place says so.
        first = Math.max(first, file?.base ?? 0);
        if (file !== undefined && first < file.count && (follow || first < upTo)) {
          const { generation, size } = file;
          if (reader?.generation !== generation) {
            await reader?.entries.close();
            reader = undefined;
            const { position, skip } = file.positionOf(first);
            reader = { entries: await LogReader.open(this.#path, position, skip), generation };
          }
          if (file.generation !== generation) continue;
          const bytes = await reader.entries.next(size);
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
      await reader?.entries.close();
    }
  }

  /** Writes what is pending in one go. Into the page cache only: that survives a crash of the platform, not of the computer. */
  #flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#pending.length === 0) return;
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingCharacters = 0;
    if (this.#lost > 0) {
      const message = `${this.#lost} entries before this one could not be written: ${this.#trouble}.`;
      lines.unshift(this.#lineOf({ source: 'kmsg', level: 'warning', message }));
    }
    try {
      (this.#file ?? this.#openFile())?.append(Buffer.from(lines.join('')), lines.length, (dropped) => {
        const message = `The oldest ${dropped} entries were dropped: a log keeps ${this.#limit / 2 ** 20} MiB at most, among them the newest of each source.`;
        return this.#lineOf({ source: 'kmsg', level: 'warning', message });
      });
      this.#lost = this.#file === undefined ? this.#lost + lines.length : 0;
    } catch (error) {
      this.#lost += lines.length - (this.#lost > 0 ? 1 : 0);
      this.#noteTrouble(error);
    }
    this.#wakeups.wake();
  }

  #openFile(): LogFile | undefined {
    try {
      const file = new LogFile(this.#path, this.#limit);
      this.#file = file;
      if (file.setAside !== undefined) {
        const message = `What was here cannot be understood as a log. It was set aside as ${basename(file.setAside)}.`;
        this.append({ source: 'kmsg', level: 'error', message });
      }
    } catch (error) {
      this.#noteTrouble(error);
    }
    return this.#file;
  }

  /** Nobody starts, ends or is refused anything for a line of a log, whatever it is that cannot be written. */
  #noteTrouble(error: unknown): void {
    const trouble = shortageOf(error) === undefined ? messageOf(error) : 'there was no space left on the disk';
    if (trouble !== this.#trouble && shortageOf(error) === undefined) {
      process.emitWarning(`A devbox's log could not be written: ${trouble}`);
    }
    this.#trouble = trouble;
  }

  #lineOf(entry: Omit<LogEntry, 'time'>): string {
    this.#lastTime = Math.max(Date.now(), this.#lastTime);
    return `${JSON.stringify(logView({ ...entry, time: this.#lastTime }))}\n`;
  }
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
