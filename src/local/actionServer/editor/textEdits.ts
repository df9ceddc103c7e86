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
    const lines = [...new Set(found.map((index) => lineOf(text, index) + 1))].join(', ');
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
  const line = isNumeric ? Number(value) : Number.NaN;
  if (!Number.isInteger(line)) {
    const shown = valueText(value);
    throw new EditorError(`Invalid insert_line value: '${shown}'. Expected an integer.`);
  }
  return line;
}

function occurrences(text: string, wanted: string): number[] {
  if (wanted === '') return [];
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) found.push(at);
  return found;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length - 1;
}
