import { stripControls } from '../plainText';
import { redactShapes } from '../redact';
import type { LineRedactor } from '../secrets/lineRedactor';
import { harmlessLinks } from './serverLine';

/**
 * The lines of a text of a devbox that came whole, as they can be shown: no escape sequences, no secrets (also none that is
 * broken over lines), no links that deceive. Nothing is taken for a record of a server: a file's text is shown as it is.
 *
 * @param source keeps texts of different origin apart
 */
export function harmlessLines(text: string, redactor: LineRedactor, source: string): readonly string[] {
  const lines: string[] = [];
  for (const line of stripControls(text)
    .replace(/[\u2028\u2029]/g, ' ')
    .split('\n')) {
    const { text: shown, earlier } = redactor.take(line, source);
    const last = lines.at(-1);
    if (earlier !== '' && last?.endsWith(earlier) === true) {
      lines[lines.length - 1] = `${last.slice(0, -earlier.length)}[removed]`;
    }
    lines.push(shown);
  }
  return harmlessLinks(redactShapes(lines.join('\n'))).split('\n');
}
