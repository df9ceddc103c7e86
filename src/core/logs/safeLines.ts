import { stripControls } from '../safeText';
import { redactShapes } from '../redactShapes';
import type { LineRedactor } from '../secrets/lineRedactor';
import { safeLinks } from './serverLine';

/**
 * The lines of a text of a devbox that came whole, as they can be shown: no escape sequences, no secrets (also none that is
 * broken over lines), no links that deceive. Nothing is taken for a record of a server: a file's text is shown as it is.
 *
 * @param source keeps texts of different origin apart
 */
export function safeLines(text: string, redactor: LineRedactor, source: string): readonly string[] {
  const bare = stripControls(text).replace(/[\u2028\u2029]/g, ' ');
  const lines = redactor.redactAll(bare.split('\n').map((line) => ({ text: line, source })));
  return safeLinks(redactShapes(lines.join('\n'))).split('\n');
}
