import { messageOf } from '../../errors';

/** What is looked for in logs. */
export interface LogQuery {
  readonly text: string;
  readonly isRegExp: boolean;
  readonly matchCase: boolean;
}

/** A pattern, in the parts that reach another thread. */
export interface LogPattern {
  readonly source: string;
  readonly flags: string;
}

/**
 * What a query means; a text is a pattern of itself.
 *
 * @returns a string that says what is wrong with a regular expression, in the words of the JavaScript engine
 */
export function patternOf({ text, isRegExp, matchCase }: LogQuery): LogPattern | string {
  const flags = matchCase ? '' : 'i';
  if (!isRegExp) return { source: text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), flags: `${flags}u` };
  // With "u" a character is a character; without it, escapes are allowed that older expressions have.
  for (const candidate of [`${flags}u`, flags]) {
    const problem = problemOf(text, candidate);
    if (problem === undefined) return { source: text, flags: candidate };
    if (candidate === flags) return problem;
  }
  return '';
}

function problemOf(source: string, flags: string): string | undefined {
  try {
    new RegExp(source, flags);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
