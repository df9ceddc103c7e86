import type { LogPattern } from './logQuery';

/** Characters of a line that are searched: what a pattern costs may grow with the square of this, or worse. */
export const searchedCharacters = 10_000;

/** The first place in a line that fits the pattern. */
export interface LineMatch {
  /** Which of the lines. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Lines for the thread that searches. `progress` is a number in shared memory: the line it has come to. */
export interface SearchTask {
  readonly pattern: LogPattern;
  readonly lines: readonly string[];
  readonly progress: SharedArrayBuffer;
}

/** Searches lines. Runs in a thread of its own, as no one can interrupt a regular expression. */
export function searchLines({ pattern, lines, progress }: SearchTask): LineMatch[] {
  const expression = new RegExp(pattern.source, pattern.flags);
  const at = new Int32Array(progress);
  const matches: LineMatch[] = [];
  lines.forEach((line, index) => {
    Atomics.store(at, 0, index);
    const match = expression.exec(line.length > searchedCharacters ? line.slice(0, searchedCharacters) : line);
    if (match !== null) matches.push({ index, start: match.index, end: match.index + match[0].length });
  });
  return matches;
}
