import { DevboxError } from '../devbox/errors';

/** One step of a build. */
export type BuildStep =
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'env'; readonly name: string; readonly value: string }
  | { readonly kind: 'workdir'; readonly path: string };

/** Images for which this computer's own system can stand in. */
const knownBases = /^(?:runloop[:/]|(?:docker\.io\/)?(?:library\/)?(?:ubuntu|debian)(?:[:@]|$))/;

/**
 * Reads the part of a Dockerfile that can be honoured here: FROM a known base, RUN, ENV, WORKDIR, USER, ARG, and what
 * changes nothing about a disk.
 * @param given values of build arguments
 * @throws DevboxError `invalid` that names the line
 */
export function readDockerfile(text: string, given: Readonly<Record<string, string>>): readonly BuildStep[] {
  const steps: BuildStep[] = [];
  const values: Record<string, string> = {};
  let begun = false;
  for (const { number, word, rest } of instructions(text)) {
    const refuse = (why: string): DevboxError => new DevboxError('invalid', `Line ${number} of the Dockerfile: ${why}`);
    const filled = word === 'RUN' ? rest : fillIn(rest, values);
    if (!begun && word !== 'FROM' && word !== 'ARG') {
      throw refuse('it must begin with FROM.');
    }
    switch (word) {
      case 'FROM':
        if (begun || !knownBases.test(filled)) {
          throw refuse(begun ? 'only one stage can be built here.' : `"${filled}" is not a base that this computer can stand in for. Use ubuntu, debian or a runloop image.`);
        }
        begun = true;
        break;
      case 'RUN':
        steps.push({ kind: 'run', command: rest.startsWith('[') ? execForm(rest, refuse) : rest });
        break;
      case 'ARG': {
        const [name = '', ...value] = filled.split('=');
        const chosen = given[name] ?? (value.length > 0 ? unquote(value.join('=')) : undefined);
        if (chosen !== undefined) {
          values[name] = chosen;
          steps.push({ kind: 'env', name, value: chosen });
        }
        break;
      }
      case 'ENV':
        for (const [name, value] of pairs(filled)) {
          values[name] = value;
          steps.push({ kind: 'env', name, value });
        }
        break;
      case 'WORKDIR':
        steps.push({ kind: 'workdir', path: unquote(filled) });
        break;
      case 'USER':
        if (!/^(?:user|root|0|1000)(?::|$)/.test(filled)) {
          throw refuse(`the user "${filled}" is not there. Use user or root.`);
        }
        break;
      case 'LABEL':
      case 'EXPOSE':
      case 'CMD':
      case 'ENTRYPOINT':
      case 'STOPSIGNAL':
      case 'MAINTAINER':
        break;
      default:
        throw refuse(`${word} cannot be honoured on the local platform. Use RUN, ENV, WORKDIR, ARG or USER.`);
    }
  }
  if (!begun) {
    throw new DevboxError('invalid', 'The Dockerfile has no FROM.');
  }
  return steps;
}

function* instructions(text: string): Generator<{ number: number; word: string; rest: string }> {
  let number = 0;
  let begun = 0;
  let joined = '';
  for (const line of text.split(/\r?\n/)) {
    number += 1;
    if (/^\s*#/.test(line) || (joined === '' && line.trim() === '')) {
      continue;
    }
    begun = joined === '' ? number : begun;
    if (/\\\s*$/.test(line)) {
      joined += `${line.replace(/\\\s*$/, '')} `;
      continue;
    }
    const [, word = '', rest = ''] = /^\s*(\S+)\s*([^]*?)\s*$/.exec(joined + line) ?? [];
    joined = '';
    yield { number: begun, word: word.toUpperCase(), rest };
  }
}

function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => values[braced ?? bare ?? ''] ?? '');
}

function pairs(text: string): readonly (readonly [string, string])[] {
  if (!/^\w+=/.test(text)) {
    const [name = '', ...value] = text.split(/\s+/);
    return [[name, value.join(' ')]];
  }
  return [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)].map((match) => [match[1] ?? '', unquote(match[2] ?? '')] as const);
}

function unquote(text: string): string {
  const inner = /^"([^]*)"$|^'([^]*)'$/.exec(text);
  return inner === null ? text : (inner[1]?.replaceAll(/\\(["\\])/g, '$1') ?? inner[2] ?? '');
}

function execForm(text: string, refuse: (why: string) => DevboxError): string {
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch (error) {
    throw refuse(`the list of words is not valid JSON (${String(error)}).`);
  }
  if (!Array.isArray(words)) {
    throw refuse('the list of words is not a list.');
  }
  return words.map((word) => `'${String(word).replaceAll("'", String.raw`'\''`)}'`).join(' ');
}
