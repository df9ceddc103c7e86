import { redactShapes } from '../redactShapes';
import { secretNames } from './assignments';

/*
 * Secrets of one line that a program, a terminal's width or the platform has broken into two: `password=hun` and `ter2…`.
 * What is told by its form alone: `tokenEnd` in ./tokenShapes.ts.
 */

/** What a line ends with where a secret may be open at its end. */
const openEnd = new RegExp(
  `(?:${secretNames}|authorization|basic|bearer)\\s{0,4}[^\\s\\w]{0,4}\\s{0,4}\\S{0,200}$|://[^\\s/?#@]{0,100}:\\S{0,200}$`,
  'i',
);
/** Where a line begins of its own: a time, a version, a bracket, a path, an address, `name=value`, words. */
const ownBeginning =
  /^(?:v?\d+[-/:.]\d|[[({#$<]|[~.]{0,2}\/|[A-Za-z][\w+.-]*:\/\/|0x[\da-f]+$|[\w.-]+(?::|=(?!=*$))|[A-Za-z]+(?:[-_.:/][A-Za-z]+)*[.:!?]?$)/;
/** What stands for a secret, or says that more follows. */
const hidden = /(?:\*{3}|\.{3}|…)["'`]?$/;
/** Letters that are no word: capitals come in the middle, more than once. */
const noWord = /[a-z][A-Z]\w*[a-z][A-Z]/;
/** Characters from which on a line may have been broken where it was. */
const leastWidth = 72;

/**
 * How much of two lines is one secret that was broken between them.
 *
 * @param before the end of the line before
 * @param width the characters of the whole line before
 * @returns where it begins in `before`, and where it ends in `line`; undefined if there is none
 */
export function brokenSecret(
  before: string,
  line: string,
  width: number,
): readonly [begin: number, end: number] | undefined {
  const rest = /^[^\s"'`,;<>|]{4,500}/.exec(line)?.[0];
  if (rest === undefined || !isNoBeginning(rest) || hidden.test(before) || !openEnd.test(before)) return undefined;
  const joint = redactShapes(before + rest);
  let same = 0;
  while (same < rest.length && joint.at(-1 - same) === rest.at(-1 - same)) same += 1;
  const end = rest.length - same;
  let begin = 0;
  while (begin < before.length && joint[begin] === before[begin]) begin += 1;
  // A name without a value asks for one: only a line that is full goes on in the next.
  if (end === 0 || (begin === before.length && width < leastWidth)) return undefined;
  return [begin, end];
}

function isNoBeginning(rest: string): boolean {
  if (!/\d/.test(rest)) return noWord.test(rest);
  return /[A-Za-z]/.test(rest) && !ownBeginning.test(rest);
}
