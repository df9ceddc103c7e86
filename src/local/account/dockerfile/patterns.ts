import { posix } from 'node:path';

/** A shell pattern as `${NAME#pattern}` takes it, as the source of a regular expression. */
export function shellPattern(pattern: string, greedy: boolean): string {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern[at] ?? '';
    if (letter === '*') {
      source += greedy ? '[^]*' : '[^]*?';
    } else if (letter === '?') {
      source += '[^]';
    } else if (letter === '\\' && at + 1 < pattern.length) {
      at += 1;
      source += quoted(pattern[at] ?? '');
    } else {
      source += quoted(letter);
    }
  }
  return source;
}

/**
 * A path pattern of `.dockerignore` or `--exclude` as an expression over whole paths without a leading slash: `*` and `?`
 * stay within one name, `**` is any number of folders, and what matches takes along all that is below it. By hand, since the
 * same expression also goes to the script that copies; of the cases of `ignoreRules.test.ts` `@balena/dockerignore` 1.0.2 reads 14 of 15
 * (not `a.b+(c)`), `ignore`, which reads `.gitignore`, 7.
 */
export function pathPattern(pattern: string): string {
  const parts = posix
    .normalize(pattern)
    .replace(/^(?:\.?\/)+/, '')
    .replace(/\/+$/, '')
    .split('/')
    .filter((part) => part !== '.');
  let source = '';
  parts.forEach((part, at) => {
    const last = at === parts.length - 1;
    if (part === '**') {
      source += last ? '.*' : '(.*/)?';
    } else {
      source += namePattern(part) + (last ? '' : '/');
    }
  });
  return `${source}(/.*)?`;
}

function namePattern(part: string): string {
  return part.replaceAll(
    /\\(.)|\*+|\?|\[(\^?)((?:[^\]\\]|\\.)+)\]|[.+^${}()|]/g,
    (found, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) {
        return quoted(escaped);
      }
      if (set !== undefined) {
        return `[${not ?? ''}${set.replaceAll('[', String.raw`\[`)}]`;
      }
      if (found === '**') {
        return '.*';
      }
      return found.startsWith('*') ? '[^/]*' : found === '?' ? '[^/]' : quoted(found);
    },
  );
}

function quoted(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
