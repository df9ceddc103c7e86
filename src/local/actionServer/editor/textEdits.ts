import { valueText } from '../pythonText';
import { EditorError } from './editorError';

/** A text after a replacement, and where the new lines are. */
export interface Replacement {
  readonly text: string;
  /** Number of the first changed line, from 1. */
  readonly line: number;
  /** Line ends in what was put there. */
  readonly addedLines: number;
}

/**
 * Replaces the one occurrence of a text. When it does not occur, it is looked for without the blanks around it.
 *
 * @param path the file's name, for messages
 * @throws EditorError unless it occurs exactly once
 */
export function replaceOnce(text: string, oldText: string, newText: string, path: string): Replacement {
  let [wanted, substitute] = [oldText, newText];
  let found = occurrences(text, wanted);
  if (found.length === 0) {
    [wanted, substitute] = [oldText.trim(), newText.trim()];
    found = occurrences(text, wanted);
  }
  const [at, ...others] = found;
  if (at === undefined) {
    throw new EditorError(`No replacement was performed, old_str \`${wanted}\` did not appear verbatim in ${path}.`);
  }
  if (others.length > 0) {
    const lines = linesOf(text, found).join(', ');
    throw new EditorError(
      `No replacement was performed. Multiple occurrences of old_str \`${wanted}\` in lines [${lines}]. Please ensure it is unique.`,
    );
  }
  return {
    text: text.slice(0, at) + substitute + text.slice(at + wanted.length),
    line: lineOf(text, at) + 1,
    addedLines: lineOf(substitute, substitute.length),
  };
}

/**
 * Inserts whole lines.
 *
 * @param after number of the line in front of the new ones, 0 for the top
 * @throws EditorError when there is no such line
 */
export function insertLines(text: string, after: number, newText: string): { text: string; addedLines: number } {
  const lines = text.split('\n');
  const count = text === '' || text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (after < 0 || after > count) {
    throw EditorError.invalid('insert_line', after, `It should be within the range of allowed values: [0, ${count}]`);
  }
  const added = newText.split('\n');
  const before = lines.slice(0, after).map((line) => `${line}\n`);
  const rest = lines.slice(after).join('\n');
  return { text: [...before, ...added.map((line) => `${line}\n`), rest].join(''), addedLines: added.length };
}

/** @throws EditorError when it is missing or no whole number */
export function parseInsertLine(value: unknown): number {
  if (value === null) throw EditorError.missing('insert_line', 'insert');
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value));
  const line = isNumeric ? Math.trunc(Number(value)) : Number.NaN;
  if (!Number.isInteger(line)) {
    const shown = valueText(value);
    throw new EditorError(`Invalid insert_line value: '${shown}'. Expected an integer.`);
  }
  return line;
}

/** Where a text occurs. One without any characters occurs everywhere; then one place in each line is told. */
function occurrences(text: string, wanted: string): number[] {
  if (wanted === '') return text === '' ? [0] : [...occurrences(text, '\n'), text.length, text.length];
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) found.push(at);
  return found;
}

/** The numbers of the lines, from 1, in which the places are; they must be in order. */
function linesOf(text: string, places: readonly number[]): number[] {
  const lines = new Set<number>();
  let line = 1;
  let end = text.indexOf('\n');
  for (const place of places) {
    for (; end !== -1 && end < place; end = text.indexOf('\n', end + 1)) line += 1;
    lines.add(line);
  }
  return [...lines];
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length - 1;
}
