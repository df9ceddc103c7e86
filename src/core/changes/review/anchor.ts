import { stripControls } from '../../safeText';

/** Lines that are kept of what a comment is about, and of what stands above and below it. */
const mostLines = 20;
const contextLines = 3;
/** Characters that are kept of a line. */
const mostCharacters = 400;

/** What a comment is about: lines of a file, known by their text. */
export interface Anchor {
  /** The first one, counted from 0, as it was. */
  readonly line: number;
  readonly snippet: readonly string[];
  /** What stood around them, nearest last and nearest first. */
  readonly above: readonly string[];
  readonly below: readonly string[];
}

/** A text as the lines that an editor makes of it. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/);
}

/** What lines of a text are known by. @param last included */
export function anchorOf(lines: readonly string[], first: number, last: number): Anchor {
  const end = Math.min(last + 1, first + mostLines);
  return {
    line: first,
    snippet: lines.slice(first, end).map(kept),
    above: lines.slice(Math.max(0, first - contextLines), first).map(kept),
    below: lines.slice(end, end + contextLines).map(kept),
  };
}

/**
 * Where the lines are by now. Of several places the one counts whose surroundings are most like those that there were, then the
 * nearest; one that is like none of them, and is not where it was, is another piece of code.
 *
 * @returns the first line; undefined where they are gone
 */
export function lineOfAnchor({ line, snippet, above, below }: Anchor, lines: readonly string[]): number | undefined {
  const [head] = snippet;
  if (head === undefined) return undefined;
  const found: { readonly at: number; readonly likeness: number }[] = [];
  for (let at = 0; at + snippet.length <= lines.length; at += 1) {
    if (!isSame(lines[at], head) || !snippet.every((text, index) => isSame(lines[at + index], text))) continue;
    const over = [...above].reverse().map((text, index) => isSame(lines[at - 1 - index], text));
    const under = below.map((text, index) => isSame(lines[at + snippet.length + index], text));
    found.push({ at, likeness: likenessOf(over) + likenessOf(under) });
  }
  const distance = (one: { readonly at: number }): number => Math.abs(one.at - line);
  const [best] = found.sort((one, other) => other.likeness - one.likeness || distance(one) - distance(other));
  if (best === undefined) return undefined;
  const isTelling = found.length === 1 && snippet.join('').replaceAll(/[^\p{L}\p{N}]/gu, '').length > 3;
  return best.likeness > 0 || isTelling || best.at === line ? best.at : undefined;
}

/** What is nearest says most. @param same of the lines around, nearest first */
function likenessOf(same: readonly boolean[]): number {
  return same.reduce((sum, is, index) => sum + (is ? 3 ** (contextLines - 1 - index) : 0), 0);
}

function isSame(line: string | undefined, text: string): boolean {
  return line !== undefined && (line === text || kept(line) === text);
}

function kept(line: string): string {
  return stripControls(line.slice(0, mostCharacters)).trimEnd();
}
