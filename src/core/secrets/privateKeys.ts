const begin = '-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}';
const end = '-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}';
/** What stands between the lines of a key: blanks and line ends, also as escapes, quotes of a program's text. */
const between = '(?:[\\s"\'|>,;]|\\\\+[rn])';
const header = '(?:Proc-Type|DEK-Info|Version|Comment|Subject): [^\\n\\\\]{0,200}';

/** A key in one text. One that is cut off ends with what cannot be of it: ordinary lines behind it stay. */
const whole = new RegExp(
  `${begin}(?:${between}{1,40}(?:${header}|[A-Za-z0-9+/=]{16,}))*(?:(?:${between}{1,40}[A-Za-z0-9+/=]{1,76}){0,2}${between}{0,40}${end})?`,
  'g',
);
const beginning = new RegExp(begin);
const ending = new RegExp(end);

const removed = '[private key removed]';

/** Removes private keys, also such as are cut off. */
export function withoutPrivateKeys(text: string): string {
  return text.includes('PRIVATE KEY') ? text.replace(whole, removed) : text;
}

/** Finds the lines of a private key among lines that come one by one. */
export class KeyLines {
  /** What stood before the key in its first line, as it may in every one. */
  #prefix = '';
  #isInside = false;
  #isHeader = false;
  #width = 0;
  #isLast = false;

  /** What is shown instead of a line that belongs to a key whose beginning was seen; undefined for other lines. */
  take(line: string): string | undefined {
    const found = beginning.exec(line);
    if (found !== null) {
      this.#isInside = !ending.test(line);
      this.#prefix = line.slice(0, found.index);
      this.#width = 0;
      this.#isHeader = false;
      this.#isLast = false;
      return undefined;
    }
    if (!this.#isInside) return undefined;
    if (ending.test(line)) {
      this.#isInside = false;
      return removed;
    }
    const bare = this.#bare(line);
    if (this.#belongs(bare)) return bare === '' ? '' : removed;
    this.#isInside = false;
    return undefined;
  }

  #bare(line: string): string {
    const own = this.#prefix !== '' && line.startsWith(this.#prefix) ? line.slice(this.#prefix.length) : line;
    return own.replace(/^[\s"'|>+,]+|(?:[\s"',;+]|\\+[nr])+$/g, '');
  }

  #belongs(line: string): boolean {
    if (/^(?:Proc-Type|DEK-Info|Version|Comment|Subject): /.test(line)) {
      this.#isHeader = true;
      return this.#width === 0;
    }
    // The blank line behind the headers.
    if (line === '') return this.#width === 0;
    if (this.#isLast || !/^[A-Za-z0-9+/]+={0,2}$/.test(line)) return false;
    if (this.#width === 0) {
      // A key begins so in its coding, or with a long line; a word does neither.
      if (line.length < 40 && !(/^(?:M[A-Z]|b3Bl)/.test(line) && !isWord(line)) && !this.#isHeader) return false;
      this.#width = line.length;
      return true;
    }
    if (line.length === this.#width) return true;
    this.#isLast = line.length < this.#width;
    return !isWord(line);
  }
}

/** Words, numbers or a path, which a line of a key is not. */
function isWord(line: string): boolean {
  return /^\/?(?:[A-Za-z]?[a-z]+|[A-Z]+|\d+)(?:[/+=](?:[A-Za-z]?[a-z]+|[A-Z]+|\d+))*\/?$/.test(line);
}
