import { StringDecoder } from 'node:string_decoder';

/** A line without end would otherwise grow in memory for ever. */
const longestLine = 4 * 1024 * 1024;

/**
 * Turns chunks of bytes into lines. A character split over two chunks stays whole, every `\r` is kept, so that nothing
 * of the output is lost, and a last line without an end comes with `end()`.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #rest: string[] = [];
  #restLength = 0;

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
    if (this.#restLength > 0) {
      this.#onLine(this.#rest.join(''));
      this.#rest = [];
      this.#restLength = 0;
    }
  }

  #take(text: string): void {
    const pieces = text.split('\n');
    const last = pieces.pop() ?? '';
    if (pieces.length > 0) {
      // Joined once per line: a long line that comes in many chunks must not be copied with each of them.
      pieces[0] = this.#rest.join('') + (pieces[0] ?? '');
      this.#rest = [];
      this.#restLength = 0;
      for (const piece of pieces) {
        this.#onLine(piece);
      }
    }
    if (last !== '') {
      this.#rest.push(last);
      this.#restLength += last.length;
    }
    if (this.#restLength > longestLine) {
      const long = this.#rest.join('');
      this.#onLine(long.slice(0, longestLine));
      this.#rest = [long.slice(longestLine)];
      this.#restLength = long.length - longestLine;
    }
  }
}
