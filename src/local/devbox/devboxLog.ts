import type { LogFile } from './logFile';

/** Where an entry of a devbox's log comes from. */
export type LogSource = 'setup_commands' | 'entrypoint' | 'exec' | 'files' | 'stats' | 'kmsg';

/** One entry of a devbox's log. */
export interface LogEntry {
  readonly source: LogSource;
  readonly level: 'info' | 'error';
  /** Unix milliseconds. */
  readonly time: number;
  readonly message?: string;
  readonly cmd?: string;
  /** The execution that it belongs to. */
  readonly cmdId?: string | undefined;
  readonly shellName?: string | undefined;
  readonly exitCode?: number;
}

/** Text kept per devbox, in characters; the oldest entries go first when there is more. */
const keptCharacters = 16 * 1024 * 1024;

/** The log of one devbox: appended while things happen, read whole or followed by any number of readers. */
export class DevboxLog {
  #entries: LogEntry[] = [];
  #dropped = 0;
  #characters = 0;
  #closed = false;
  readonly #waiting = new Set<() => void>();
  readonly #file: LogFile | undefined;

  /** @param file where the log is kept beside memory; what it has already comes first */
  constructor(file?: LogFile) {
    this.#file = file;
    this.#entries = file?.read() ?? [];
    this.#characters = this.#entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  }

  /** Adds an entry and wakes those who follow. */
  append(entry: Omit<LogEntry, 'time'>): void {
    const dated = { ...entry, time: Date.now() };
    this.#entries.push(dated);
    this.#file?.append(dated);
    this.#characters += sizeOf(dated);
    if (this.#characters > keptCharacters) {
      this.#dropOldest();
    }
    this.#wake();
  }

  /** Nothing will be added any more; those who follow come to their end. */
  close(): void {
    this.#closed = true;
    this.#file?.flush();
    this.#wake();
  }

  /** Everything that is kept, oldest first. */
  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /**
   * All entries from the first kept one, then the new ones as they come; ends when the log is closed or `signal` aborts.
   * A slow reader holds up nobody: it reads from the log itself.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<LogEntry> {
    let next = this.#dropped;
    while (!signal.aborted) {
      next = Math.max(next, this.#dropped);
      const entry = this.#entries[next - this.#dropped];
      if (entry !== undefined) {
        next += 1;
        yield entry;
      } else if (this.#closed) {
        return;
      } else {
        await this.#change(signal);
      }
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  #wake(): void {
    for (const waiter of [...this.#waiting]) {
      waiter();
    }
  }

  #dropOldest(): void {
    // A quarter at a time: dropping one by one would move the whole list for each new line.
    let drop = 0;
    while (drop < this.#entries.length - 1 && this.#characters > keptCharacters * 0.75) {
      const entry = this.#entries[drop];
      this.#characters -= entry === undefined ? 0 : sizeOf(entry);
      drop += 1;
    }
    this.#entries = this.#entries.slice(drop);
    this.#dropped += drop;
  }
}

function sizeOf(entry: LogEntry): number {
  return 100 + (entry.message?.length ?? 0) + (entry.cmd?.length ?? 0);
}
