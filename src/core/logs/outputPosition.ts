import type { OutputPiece } from '../platform/executions';

/** What a piece of an output adds. */
export interface Placed {
  /** Whole lines, without their ends. */
  readonly lines: readonly string[];
  /** True if bytes between the last piece and this one cannot be accounted for. */
  readonly gap: boolean;
}

/** How far one reader has come in one output of an execution, by bytes. */
export class OutputPosition {
  #offset = 0;
  #rest: string[] = [];
  #tellsStart = false;
  #length = 0;
  ended = false;

  /** Where the stream is to begin when it is opened again. */
  get offset(): number {
    return this.#offset;
  }

  /** Characters of the last piece that were new, without ends of lines. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes the next piece. The number that comes with a piece is where it ends; that of a server which tells where it
   * begins is known by its first one (contract §9 leaves both possible).
   */
  take({ text, offset }: OutputPiece): Placed {
    const bytes = Buffer.byteLength(text);
    if (this.#offset === 0 && offset === 0 && bytes > 0) this.#tellsStart = true;
    const told = offset === undefined || !this.#tellsStart ? offset : offset + bytes;
    const reached = told ?? this.#offset + bytes;
    const begins = reached - bytes;
    // Bytes that are no UTF-8 come as replacement characters, which are longer than what they stand for.
    const counts = !text.includes('\ufffd');
    let fresh = text;
    if (reached <= this.#offset) {
      fresh = '';
    } else if (counts && begins < this.#offset) {
      fresh = Buffer.from(text)
        .subarray(this.#offset - begins)
        .toString('utf8');
    }
    const gap = counts && begins > this.#offset;
    this.#offset = Math.max(this.#offset, reached);
    return { lines: this.#split(fresh), gap };
  }

  /** The output has come to its end: its last line, if that had none. */
  end(): readonly string[] {
    this.ended = true;
    const last = this.#rest.join('');
    this.#rest = [];
    return last === '' ? [] : [last];
  }

  #split(text: string): string[] {
    const lines = text.split('\n');
    this.#length = text.length - (lines.length - 1);
    const last = lines.pop() ?? '';
    if (lines.length > 0) {
      // Joined once for each line: an endless one that comes in many pieces must not be copied with each of them.
      lines[0] = this.#rest.join('') + (lines[0] ?? '');
      this.#rest = [];
    }
    if (last !== '') this.#rest.push(last);
    return lines;
  }
}
