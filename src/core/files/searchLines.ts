import { textOfPath } from './pathText';

/** A line of a file in which something was found. Its text is hostile, and cut where it is very long. */
export interface FileMatch {
  /** As `pathText` writes it; absolute. */
  readonly path: string;
  /** The first is 0. */
  readonly line: number;
  readonly text: string;
  /** Where the first hit is in the text; both 0 where it is not told. */
  readonly start: number;
  readonly end: number;
}

/** What begins a terminal's control sequence. */
const escape = String.fromCharCode(27);
/** Where a hit begins and ends, as `rg` and `grep` mark it. */
const marks = new RegExp(`${escape}\\[0m${escape}\\[1m(.*?)${escape}\\[0m|${escape}\\[1m(.*?)${escape}\\[m`, 's');
/** What `rg` puts around what has no colour. */
const reset = `${escape}[0m`;
/** How every path begins. */
const pathStart = new RegExp(`^(?:${escape}\\[0m)?\\./`);
const numberAndText = new RegExp(`^(?:${escape}\\[0m)?(\\d+)(?:${escape}\\[0m)?:(.*)$`, 's');
const everyMark = new RegExp(marks.source, 'gs');
/** Linux knows no path that is longer, in bytes. */
const longestPath = 4_096;

/** What the lines of the search's script tell. */
export class FoundLines {
  readonly #folder: string;
  /** The beginning of a path with a new line in it. */
  #begun = Buffer.alloc(0);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns undefined for a line that tells of no hit */
  take(line: string): FileMatch | undefined {
    if (!line.endsWith('$')) return undefined;
    const own = unescaped(line.slice(0, -1));
    // Every path begins so: what does not is the rest of one.
    const isWhole = pathStart.test(own.toString('latin1', 0, 8));
    const bytes = isWhole ? own : Buffer.concat([this.#begun, own]);
    const end = bytes.indexOf(0);
    // What is no path, however long it gets, is not kept.
    const isPath = end < 0 && bytes.length < longestPath;
    this.#begun = isPath ? Buffer.concat([bytes, Buffer.from('\n')]) : Buffer.alloc(0);
    return end < 0 ? undefined : this.#match(bytes, end);
  }

  #match(bytes: Buffer, end: number): FileMatch | undefined {
    const [, number, written = ''] = numberAndText.exec(bytes.toString('utf8', end + 1)) ?? [];
    if (number === undefined) return undefined;
    let path = textOfPath(bytes.subarray(0, end));
    if (path.startsWith(reset)) path = path.slice(reset.length, path.endsWith(reset) ? -reset.length : undefined);
    const marked = marks.exec(written);
    const start = marked?.index ?? 0;
    const text = written.replace(everyMark, (_all, one?: string, other?: string) => one ?? other ?? '');
    const length = (marked?.[1] ?? marked?.[2] ?? '').length;
    const folder = this.#folder === '/' ? '' : this.#folder;
    return {
      path: `${folder}/${path.replace(/^\.\//, '')}`,
      line: Math.max(0, Number(number) - 1),
      text: text.replace(/\r$/, ''),
      start,
      end: start + length,
    };
  }
}

const letters: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };

/** The bytes of what sed's `l` has written. */
function unescaped(text: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '\\') {
      bytes.push(text.charCodeAt(at) & 0xff);
    } else {
      const octal = /^[0-7]{3}/.exec(text.slice(at + 1, at + 4))?.[0];
      bytes.push(octal === undefined ? (letters[text[at + 1] ?? ''] ?? 92) : Number.parseInt(octal, 8));
      at += octal === undefined ? 1 : 3;
    }
  }
  return Buffer.from(bytes);
}
