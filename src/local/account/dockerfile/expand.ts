import { shellPattern } from './patterns';

/** Gives the value of a variable; undefined for one that is not set. */
export type Lookup = (name: string) => string | undefined;

/** How a text is read. */
export interface ExpandOptions {
  readonly escape: string;
  /** Quotes and escapes stay, as in a here-document. */
  readonly raw?: boolean;
}

/** Why a text cannot be expanded. */
export class ExpandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpandError';
  }
}

/**
 * Fills in the variables of a word and takes its quotes and escapes away, as BuildKit does: `$NAME`, `${NAME}` and the
 * forms with `:-`, `-`, `:+`, `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, `/` and `//`.
 * @throws ExpandError
 */
export function expand(text: string, lookup: Lookup, options: ExpandOptions): string {
  return new Expander(text, lookup, options).until(undefined, options.raw === true);
}

class Expander {
  readonly #letters: string;
  readonly #lookup: Lookup;
  readonly #options: ExpandOptions;
  #at = 0;

  constructor(letters: string, lookup: Lookup, options: ExpandOptions) {
    this.#letters = letters;
    this.#lookup = lookup;
    this.#options = options;
  }

  /** Reads up to a letter, or to the end. */
  until(stop: string | undefined, rawEscapes: boolean): string {
    const { escape, raw = false } = this.#options;
    let result = '';
    for (;;) {
      const letter = this.#next();
      if (letter === undefined) {
        if (stop !== undefined) {
          throw new ExpandError(`the closing "${stop}" of a variable is missing`);
        }
        return result;
      }
      if (letter === stop) {
        return result;
      }
      if (letter === '$') {
        result += this.#variable();
      } else if (letter === "'" && !raw) {
        result += this.#singleQuoted();
      } else if (letter === '"' && !raw) {
        result += this.#doubleQuoted();
      } else if (letter === escape) {
        const escaped = this.#next();
        // In a here-document a $ can be escaped; every other escape stays as it is.
        result += (rawEscapes && !(raw && escaped === '$') ? letter : '') + (escaped ?? '');
      } else {
        result += letter;
      }
    }
  }

  #next(): string | undefined {
    const letter = this.#letters[this.#at];
    this.#at += 1;
    return letter;
  }

  #peek(): string | undefined {
    return this.#letters[this.#at];
  }

  #singleQuoted(): string {
    let result = '';
    for (;;) {
      const letter = this.#next();
      if (letter === undefined) {
        throw new ExpandError('a closing single quote is missing');
      }
      if (letter === "'") {
        return result;
      }
      result += letter;
    }
  }

  #doubleQuoted(): string {
    const { escape } = this.#options;
    let result = '';
    for (;;) {
      const letter = this.#next();
      if (letter === undefined) {
        throw new ExpandError('a closing double quote is missing');
      }
      if (letter === '"') {
        return result;
      }
      if (letter === '$') {
        result += this.#variable();
      } else if (letter === escape) {
        const escaped = this.#peek();
        if (escaped === '"' || escaped === '$' || escaped === escape) {
          result += this.#next() ?? '';
        } else if (escaped !== undefined) {
          result += letter;
        }
      } else {
        result += letter;
      }
    }
  }

  /** What stands for a variable; its `$` has been read. */
  #variable(): string {
    if (this.#peek() !== '{') {
      const name = this.#name();
      return name === '' ? '$' : (this.#lookup(name) ?? '');
    }
    this.#next();
    const name = this.#name();
    if (name === '') {
      throw new ExpandError('"${" has no name of a variable behind it');
    }
    const value = this.#lookup(name);
    const sign = this.#next();
    switch (sign) {
      case '}':
        return value ?? '';
      case ':': {
        const second = this.#next() ?? '';
        if (!'-+?'.includes(second) || second === '') {
          throw new ExpandError(`"\${${name}:${second}" is no known form of a variable`);
        }
        return this.#choice(name, second, value === '' ? undefined : value, value);
      }
      case '-':
      case '+':
      case '?':
        return this.#choice(name, sign, value, value);
      case '#':
      case '%':
        return cut(value ?? '', sign, this.until('}', true));
      case '/':
        return this.#replaced(value ?? '');
      default:
        throw new ExpandError(
          sign === undefined
            ? `the closing "}" of \${${name} is missing`
            : `"\${${name}${sign}" is no known form of a variable`,
        );
    }
  }

  #choice(name: string, sign: string, counted: string | undefined, value: string | undefined): string {
    const word = this.until('}', false);
    if (sign === '+') {
      return counted === undefined ? '' : word;
    }
    if (counted === undefined && sign === '?') {
      throw new ExpandError(`${name}: ${word === '' ? 'it is not set' : word}`);
    }
    return counted === undefined ? word : (value ?? '');
  }

  #replaced(value: string): string {
    const all = this.#peek() === '/';
    if (all) {
      this.#next();
    }
    const pattern = this.until('/', true);
    const replacement = this.until('}', true);
    return pattern === ''
      ? value
      : value.replace(new RegExp(shellPattern(pattern, true), all ? 'g' : ''), () => replacement);
  }

  /** Reads a variable's name: letters and digits, one number, or one special sign. */
  #name(): string {
    const first = this.#peek() ?? '';
    const part = /[A-Za-z_]/.test(first) ? /\w/ : /\d/.test(first) ? /\d/ : undefined;
    if (part === undefined) {
      return '@*#?-$!'.includes(first) && first !== '' ? (this.#next() ?? '') : '';
    }
    let name = '';
    while (part.test(this.#peek() ?? '')) {
      name += this.#next() ?? '';
    }
    return name;
  }
}

/** `${NAME#pattern}` and `${NAME%pattern}`; a doubled sign takes as much as can be. */
function cut(value: string, sign: '#' | '%', word: string): string {
  const greedy = word.startsWith(sign);
  const pattern = shellPattern(greedy ? word.slice(1) : word, greedy);
  if (sign === '#') {
    return value.replace(new RegExp(`^(?:${pattern})`), '');
  }
  if (greedy) {
    return value.replace(new RegExp(`(?:${pattern})$`), '');
  }
  // The shortest end that matches: tried from the back, since an expression finds the longest from the front.
  const whole = new RegExp(`^(?:${pattern})$`);
  for (let at = value.length; at >= 0; at -= 1) {
    if (whole.test(value.slice(at))) {
      return value.slice(0, at);
    }
  }
  return value;
}
