import { open, type FileHandle } from 'node:fs/promises';

/** Bytes read at once. */
const readSize = 256 * 1024;

/** Reads whole entries out of the file, from a place where one begins. */
export class LogReader {
  readonly #file: FileHandle;
  #position: number;
  #skip: number;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(file: FileHandle, position: number, skip: number) {
    this.#file = file;
    this.#position = position;
    this.#skip = skip;
  }

  /** @throws the system's error */
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

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** How many entries end in these bytes. */
export function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, end + 1)) count += 1;
  return count;
}
