import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, extname } from 'node:path';

/*
 * Stands in for VS Code's native module `@vscode/spdlog`, which writes all log files and is the way of every output
 * channel. Bundled on its own and copied into the installed VS Code.
 */

const levelWords = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] as const;

/** Shown by VS Code nowhere; the native module has one. */
export const version = 0;

let defaultLevel = 2;

/** Sets the level of all loggers made from now on: 0 is trace, 6 is off. */
export function setLevel(level: number): void {
  defaultLevel = level;
}

/** Every line is written at once here, so there is no level from which on to flush. */
export function setFlushOn(_level: number): void {
  // Nothing is held back.
}

/** One log file, replaced by a new one at `maxSize` bytes; at most `maxFiles` old ones are kept. */
export class Logger {
  private level = defaultLevel;
  private bare = false;
  private file: number | undefined;
  private size = 0;

  constructor(
    private readonly path: string,
    private readonly maxSize: number,
    private readonly maxFiles: number,
  ) {
    this.open();
  }

  trace(message: string): void {
    this.write(0, message);
  }

  debug(message: string): void {
    this.write(1, message);
  }

  info(message: string): void {
    this.write(2, message);
  }

  warn(message: string): void {
    this.write(3, message);
  }

  error(message: string): void {
    this.write(4, message);
  }

  critical(message: string): void {
    this.write(5, message);
  }

  getLevel(): number {
    return this.level;
  }

  setLevel(level: number): void {
    this.level = level;
  }

  /** VS Code only ever sets the pattern that is used here anyway. */
  setPattern(_pattern: string): void {
    this.bare = false;
  }

  /** From now on messages are written as they are, without time, level and line end. */
  clearFormatters(): void {
    this.bare = true;
  }

  flush(): void {
    // Nothing is held back.
  }

  /** Closes the file; a message after that opens it for that message only. */
  drop(): void {
    if (this.file !== undefined) {
      closeSync(this.file);
      this.file = undefined;
    }
  }

  private open(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    this.file = openSync(this.path, 'a');
    this.size = fstatSync(this.file).size;
  }

  private write(level: number, message: string): void {
    if (level < this.level) {
      return;
    }
    const line = Buffer.from(this.bare ? message : `${timestamp()} [${levelWords[level] ?? 'info'}] ${message}\n`);
    if (this.file === undefined) {
      appendFileSync(this.path, line);
      return;
    }
    if (this.maxSize > 0 && this.size > 0 && this.size + line.length > this.maxSize) {
      this.rotate();
    }
    writeSync(this.file, line);
    this.size += line.length;
  }

  private rotate(): void {
    this.drop();
    const extension = extname(this.path);
    const stem = this.path.slice(0, this.path.length - extension.length);
    const old = (index: number): string => (index === 0 ? this.path : `${stem}.${index}${extension}`);
    rmSync(old(this.maxFiles), { force: true });
    for (let index = this.maxFiles - 1; index >= 0; index--) {
      try {
        renameSync(old(index), old(index + 1));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
          throw error;
        }
      }
    }
    this.open();
  }
}

/** @param maxSize bytes per file; @param maxFiles how many old files are kept */
export function createRotatingLogger(_name: string, file: string, maxSize: number, maxFiles: number): Promise<Logger> {
  return Promise.resolve().then(() => new Logger(file, maxSize, maxFiles));
}

/** The same as {@link createRotatingLogger}. */
export const createAsyncRotatingLogger = createRotatingLogger;

function timestamp(): string {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().replace('T', ' ').replace('Z', '');
}
