import { diffArrays } from 'diff';

/** Lines that differ, as the edge of an editor shows them. */
export interface LineMark {
  readonly kind: 'added' | 'changed' | 'removed';
  /** The first line and the last one, counted from 0; of `removed` both are the line before what is gone, 0 for the beginning. */
  readonly from: number;
  readonly to: number;
}

/** Characters of a side up to which lines are compared: more would hold others up. */
const mostCharacters = 1_000_000;
/** Milliseconds that comparing may take. */
const mostMs = 30;

/** Where a text differs from what it was, however its lines end; undefined for what is too much to compare. */
export function lineMarks(before: string, after: string): readonly LineMark[] | undefined {
  if (before.length > mostCharacters || after.length > mostCharacters) return undefined;
  const parts = diffArrays(linesOf(before), linesOf(after), { timeout: mostMs });
  if (parts === undefined) return undefined;
  const marks: LineMark[] = [];
  let line = 0;
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at];
    if (part === undefined) break;
    const { added, removed, count } = part;
    if (!added && !removed) {
      line += count;
    } else if (added) {
      marks.push({ kind: 'added', from: line, to: line + count - 1 });
      line += count;
    } else if (parts[at + 1]?.added === true) {
      const { count: inserted = 0 } = parts[at + 1] ?? {};
      marks.push({ kind: 'changed', from: line, to: line + inserted - 1 });
      line += inserted;
      at += 1;
    } else {
      const place = Math.max(0, line - 1);
      marks.push({ kind: 'removed', from: place, to: place });
    }
  }
  return marks;
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
