import { RuntimeError } from '../errors';
import { startProblem } from '../problems/start';

/**
 * Reads a Python dict literal of strings, such as OpenHands takes for `SANDBOX_RUNTIME_STARTUP_ENV_VARS`; a JSON object
 * of strings is one as well.
 *
 * @throws RuntimeError `invalid_option`, without quoting the text, as it may hold secrets
 */
export function parsePythonDict(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  let rest = text.trim();
  const take = (pattern: RegExp): string => {
    const match = pattern.exec(rest);
    if (match === null) throw unreadable();
    rest = rest.slice(match[0].length);
    return match[0];
  };
  take(/^\{\s*/);
  while (!rest.startsWith('}')) {
    const name = unquote(take(/^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/s));
    take(/^\s*:\s*/);
    result[name] = unquote(take(/^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/s));
    take(/^\s*(?:,\s*|(?=\}))/);
  }
  if (rest !== '}') throw unreadable();
  return result;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '0': '\0',
};

function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(\n)|(.))/gs,
      (
        _all,
        u: string | undefined,
        long: string | undefined,
        x: string | undefined,
        newline: string | undefined,
        other: string | undefined,
      ) => {
        const code = u ?? long ?? x;
        if (code !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff));
        if (newline !== undefined) return '';
        const letter = other ?? '';
        // Python keeps the backslash of an escape that it does not know.
        return escapes[letter] ?? (/['"\\/]/.test(letter) ? letter : `\\${letter}`);
      },
    );
}

function unreadable(): RuntimeError {
  return new RuntimeError({
    problem: startProblem('startup_variables', { form: "{'NAME': 'value', 'OTHER': 'value'}" }),
  });
}
