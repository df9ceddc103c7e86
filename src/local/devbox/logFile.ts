import { appendFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { LogEntry } from './devboxLog';
import { codeOf } from './errors';

/** Entries are collected for this long before they are written, in milliseconds. */
const delay = 100;

/** A file above this size is begun anew with what the log still keeps, in bytes. */
const largest = 48 * 1024 * 1024;

/** Keeps a devbox's log on disk, so that it can be read when the devbox or the platform has ended. */
export class LogFile {
  readonly #path: string;
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;
  #size: number | undefined;

  /** @param path the file, absolute; made with the first entry */
  constructor(path: string) {
    this.#path = path;
  }

  /** Everything that was written, oldest first; a last line that a killed platform left unfinished is passed over. */
  read(): LogEntry[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as LogEntry] : []));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw error;
    }
  }

  /** Writes an entry soon. */
  append(entry: LogEntry): void {
    this.#waiting += `${JSON.stringify(entry)}\n`;
    if (this.#waiting.length > 256 * 1024) {
      this.flush();
    } else {
      this.#timer ??= setTimeout(() => this.flush(), delay);
    }
  }

  /** Writes at once what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === '') {
      return;
    }
    const text = this.#waiting;
    this.#waiting = '';
    this.#size ??= statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (this.#size > largest) {
      rmSync(this.#path, { force: true });
      this.#size = 0;
    }
    appendFileSync(this.#path, text, { mode: 0o600 });
    this.#size += Buffer.byteLength(text);
  }

  /** Removes the file. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
