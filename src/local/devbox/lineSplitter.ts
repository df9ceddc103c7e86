import { StringDecoder } from 'node:string_decoder';

/** A line without end would otherwise grow in memory for ever. */
const longestLine = 64 * 1024;

/**
 * Turns chunks of bytes into lines. A character split over two chunks stays whole, a `\r` inside a line is kept,
 * `\r\n` ends a line like `\n`, and a last line without an end comes with `end()`.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes the next bytes. */
  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Hands over what is left. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#rest !== '') {
      this.#onLine(this.#rest);
      this.#rest = '';
    }
  }

  #take(text: string): void {
    const pieces = (this.#rest + text).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      this.#onLine(piece.endsWith('\r') ? piece.slice(0, -1) : piece);
    }
    while (this.#rest.length > longestLine) {
      this.#onLine(this.#rest.slice(0, longestLine));
      this.#rest = this.#rest.slice(longestLine);
    }
  }
}
