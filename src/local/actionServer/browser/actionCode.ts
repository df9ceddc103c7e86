/** One call of an action in the code that an agent wrote. */
export interface ActionCall {
  readonly name: string;
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** The code is not that of an action. */
class NoCode extends Error {
  override readonly name = 'NoCode';
}

/**
 * Finds the calls in a text that looks like Python. What is no call with plain values (strings, numbers, lists, names of
 * constants) is passed over, as agents also write other things.
 */
export function parseCalls(code: string): ActionCall[] {
  const calls: ActionCall[] = [];
  const start = /[A-Za-z_]\w*\s*\(|#[^\n]*/g;
  for (let match = start.exec(code); match !== null; match = start.exec(code)) {
    if (match[0].startsWith('#')) continue;
    const reader = new CallReader(code, start.lastIndex);
    try {
      const call = reader.call(match[0].slice(0, -1).trim());
      calls.push(call);
      start.lastIndex = reader.at;
    } catch (error) {
      if (!(error instanceof NoCode)) throw error;
    }
  }
  return calls;
}

const constants = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
const escapes = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['\n', ''],
]);

class CallReader {
  readonly #code: string;
  at: number;

  constructor(code: string, at: number) {
    this.#code = code;
    this.at = at;
  }

  /** Reads what follows the opening parenthesis. */
  call(name: string): ActionCall {
    const positional: unknown[] = [];
    const named: Record<string, unknown> = {};
    while (!this.#skip(')')) {
      const keyword = this.#match(/([A-Za-z_]\w*)\s*=(?!=)/y);
      const value = this.#value();
      if (keyword === undefined) positional.push(value);
      else named[keyword[1] ?? ''] = value;
      if (!this.#skip(',')) {
        if (!this.#skip(')')) throw new NoCode();
        break;
      }
    }
    return { name, positional, named };
  }

  #value(): unknown {
    if (this.#skip('[')) {
      const items: unknown[] = [];
      while (!this.#skip(']')) {
        items.push(this.#value());
        if (!this.#skip(',')) {
          if (!this.#skip(']')) throw new NoCode();
          break;
        }
      }
      return items;
    }
    const number = this.#match(/[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/iy);
    if (number !== undefined) return Number(number[0]);
    const quote = this.#match(/"""|'''|"|'/y);
    if (quote !== undefined) return this.#string(quote[0]);
    const word = this.#match(/[A-Za-z_]\w*/y)?.[0];
    if (word === undefined || !constants.has(word)) throw new NoCode();
    return constants.get(word);
  }

  #string(quote: string): string {
    let text = '';
    while (this.at < this.#code.length) {
      if (this.#code.startsWith(quote, this.at)) {
        this.at += quote.length;
        return text;
      }
      const character = this.#code.charAt(this.at);
      if (character === '\n' && quote.length === 1) break;
      if (character === '\\') {
        const next = this.#code.charAt(this.at + 1);
        text += escapes.get(next) ?? (['\\', "'", '"'].includes(next) ? next : `\\${next}`);
        this.at += 2;
      } else {
        text += character;
        this.at += 1;
      }
    }
    throw new NoCode();
  }

  #skip(text: string): boolean {
    this.#blanks();
    if (!this.#code.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    this.#blanks();
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#code);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match;
  }

  #blanks(): void {
    while (/\s/.test(this.#code.charAt(this.at))) this.at += 1;
  }
}
