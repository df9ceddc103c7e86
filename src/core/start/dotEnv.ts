import { isVariableName } from './typedVariables';

/** Characters that a file may have; one with more is no list of variables. */
export const longestDotEnv = 1_000_000;

/** The variables of a `.env` file, or the number of the first line, from 1, that is none. Values are in neither's place shown. */
export type DotEnv = { readonly variables: Readonly<Record<string, string>> } | { readonly wrongLine: number };

/**
 * Reads a `.env` file as its usual readers do: `NAME=value` with or without `export`, comments, values in `'`, `"` or
 * backquotes, which may go over lines; in `"` are `\n`, `\r` and `\t`. Nothing is put in place of `$NAME`. Of a name that comes
 * twice, the last counts.
 */
export function parseDotEnv(text: string): DotEnv {
  const variables = new Map<string, string>();
  const all = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  let at = 0;
  while (at < all.length) {
    const end = all.indexOf('\n', at);
    const line = all.slice(at, end === -1 ? all.length : end);
    if (/^\s*(?:#|$)/.test(line)) {
      at += line.length + 1;
      continue;
    }
    const [head, name] = /^\s*(?:export\s+)?([^\s=#]+)[^\S\n]*=[^\S\n]*/.exec(line) ?? [];
    const value = head === undefined ? undefined : valueAt(all, at + head.length);
    if (name === undefined || !isVariableName(name) || value === undefined) {
      return { wrongLine: all.slice(0, at).split('\n').length };
    }
    variables.set(name, value.text);
    at = value.end + 1;
  }
  return { variables: Object.fromEntries(variables) };
}

/** A value, and where its line ends; undefined for one in quotes that do not end, or behind which there is something. */
function valueAt(all: string, at: number): { readonly text: string; readonly end: number } | undefined {
  const quote = all[at];
  if (quote !== '"' && quote !== "'" && quote !== '`') {
    const end = lineEnd(all, at);
    return {
      text: all
        .slice(at, end)
        // One space is enough, as the others are trimmed: more would be tried from each of a long row of them.
        .replace(/(?:^|\s)#.*$/, '')
        .trim(),
      end,
    };
  }
  let close = at + 1;
  while (close < all.length && all[close] !== quote) close += quote === '"' && all[close] === '\\' ? 2 : 1;
  if (close >= all.length) return undefined;
  const end = lineEnd(all, close);
  if (!/^\s*(?:#.*)?$/.test(all.slice(close + 1, end))) return undefined;
  const inside = all.slice(at + 1, close);
  return { text: quote === '"' ? unescaped(inside) : inside, end };
}

function lineEnd(all: string, at: number): number {
  const end = all.indexOf('\n', at);
  return end === -1 ? all.length : end;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function unescaped(text: string): string {
  return text.replaceAll(/\\([nrt"\\])/g, (whole, letter: string) => escapes[letter] ?? whole);
}
