import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../../errors';
import { shortageOf } from '../../../host/shortage';
import type { Output, OutputChunk, OutputTail } from './knownExecution';
import type { ExecutionSpace } from './outputSpace';
import { characterStart, wholeCharacters } from './utf8';
import { Wakeups } from '../../../wakeups';

/** Bytes read from the file at once. */
const pieceSize = 64 * 1024;

/** The most that is given of an output's end, in bytes, however long its lines are. */
const largestTail = 4 * 1024 * 1024;

/**
 * What one execution writes to one of its outputs, kept in a file outside the devbox so that neither many nor long
 * outputs fill the platform's memory. It can be followed by any number of readers, each at its own pace.
 */
export class OutputSpool implements Output {
  readonly #path: string;
  readonly #space: Pick<ExecutionSpace, 'take'>;
  #writer: FileHandle | undefined;
  #size = 0;
  #lost = false;
  /** Nothing more is kept: what came later would follow on a gap. */
  #isCut = false;
  #finished = false;
  readonly #wakeups = new Wakeups();

  /**
   * @param path a file that does not exist yet; made with its folder at the first byte
   * @param space what there is for it; what comes when that is full is lost
   */
  constructor(path: string, space: Pick<ExecutionSpace, 'take'>) {
    this.#path = path;
    this.#space = space;
  }

  /** True when more was written than is kept. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Adds bytes; wait for it before the next ones come. After `finish` they are dropped. */
  async append(chunk: Buffer): Promise<void> {
    const room = this.#isCut || this.#finished ? 0 : this.#space.take(chunk.length);
    if (room <= 0) {
      this.#lost ||= !this.#finished;
      return;
    }
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#isCut ||= kept.length < chunk.length;
    this.#lost ||= this.#isCut;
    try {
      if (this.#writer === undefined) {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
        this.#writer = await open(this.#path, 'w', 0o600);
      }
      await writeAll(this.#writer, kept, this.#size);
    } catch (error) {
      // The command goes on; its output is cut here, as it is at its limit.
      if (shortageOf(error) === undefined) {
        throw error;
      }
      this.#lost = true;
      this.#isCut = true;
      return;
    }
    this.#size += kept.length;
    this.#wakeups.wake();
  }

  /** Nothing more will come; those who follow come to their end. */
  async finish(): Promise<void> {
    this.#finished = true;
    this.#wakeups.wake();
    await this.#writer?.close();
    this.#writer = undefined;
  }

  /** Removes the file. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /**
   * The output from a byte on, then what comes, until the output has come to its end. Characters are never split.
   * @param from a byte offset that an earlier chunk gave, or 0
   */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<OutputChunk> {
    let position = from;
    let reader: FileHandle | undefined;
    try {
      const piece = Buffer.alloc(pieceSize);
      while (!signal.aborted) {
        const finished = this.#finished;
        if (position < this.#size) {
          reader ??= await this.#openReader();
          const { bytesRead = 0 } =
            (await reader?.read(piece, 0, Math.min(pieceSize, this.#size - position), position)) ?? {};
          if (bytesRead === 0) {
            // The devbox's folder has been removed with everything in it.
            return;
          }
          const start = position === from && from > 0 ? characterStart(piece.subarray(0, bytesRead)) : 0;
          const isLast = finished && position + bytesRead >= this.#size;
          const end = isLast ? bytesRead : wholeCharacters(piece.subarray(0, bytesRead));
          if (end > start) {
            position += end;
            yield { output: piece.toString('utf8', start, end), offset: position };
            continue;
          }
        }
        if (finished) {
          return;
        }
        await this.#change(signal, this.#size);
      }
    } finally {
      await reader?.close();
    }
  }

  /** The last lines of what has been written so far. */
  async tail(lines: number): Promise<OutputTail> {
    const reader = this.#size === 0 ? undefined : await this.#openReader();
    if (reader === undefined) {
      return { text: '', truncated: this.#size > 0 };
    }
    try {
      return await this.#readTail(reader, lines);
    } finally {
      await reader.close();
    }
  }

  async #readTail(reader: FileHandle, lines: number): Promise<OutputTail> {
    const end = this.#size;
    const pieces: Buffer[] = [];
    let start = end;
    let found = 0;
    while (start > 0 && end - start < largestTail) {
      const length = Math.min(pieceSize, start, largestTail - (end - start));
      const piece = Buffer.alloc(length);
      await reader.read(piece, 0, length, start - length);
      for (let at = length - 1; at >= 0; at -= 1) {
        // The line end of the last line ends it; it begins no further line.
        if (piece[at] !== 0x0a || start - length + at === end - 1) {
          continue;
        }
        found += 1;
        if (found >= lines) {
          pieces.unshift(piece.subarray(at + 1));
          return { text: Buffer.concat(pieces).toString(), truncated: true };
        }
      }
      pieces.unshift(piece);
      start -= length;
    }
    const whole = Buffer.concat(pieces);
    return {
      text: whole.toString('utf8', start === 0 ? 0 : characterStart(whole)),
      truncated: start > 0 || this.#lost,
    };
  }

  async #openReader(): Promise<FileHandle | undefined> {
    try {
      return await open(this.#path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return undefined;
      }
      throw error;
    }
  }

  /** Waits until there is more than `seen` bytes, or the end. */
  async #change(signal: AbortSignal, seen: number): Promise<void> {
    if (this.#finished || this.#size > seen) {
      return;
    }
    await this.#wakeups.next(signal);
  }
}

/** A disk that is almost full takes a part first. */
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
