import { diffArrays } from 'diff';

/**
 * A unified diff without context lines, as clients of the editor parse it.
 *
 * @param path the name of both files
 * @returns an empty text when nothing changed
 */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return '';
  const out = [`--- ${path}`, `+++ ${path}`];
  let oldLine = 0;
  let newLine = 0;
  let removed: string[] = [];
  let added: string[] = [];
  const flush = (): void => {
    if (removed.length === 0 && added.length === 0) return;
    out.push(`@@ -${range(oldLine, removed.length)} +${range(newLine, added.length)} @@`);
    out.push(...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`));
    oldLine += removed.length;
    newLine += added.length;
    removed = [];
    added = [];
  };
  for (const part of diffArrays(before.split('\n'), after.split('\n'))) {
    if (part.removed) {
      removed.push(...part.value);
    } else if (part.added) {
      added.push(...part.value);
    } else {
      flush();
      oldLine += part.value.length;
      newLine += part.value.length;
    }
  }
  flush();
  return out.map((line) => line.trimEnd()).join('\n');
}

/** @param before number of lines in front of the range */
function range(before: number, length: number): string {
  if (length === 1) return String(before + 1);
  return `${length === 0 ? before : before + 1},${length}`;
}
