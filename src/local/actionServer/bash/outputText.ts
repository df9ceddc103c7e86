import type { TerminalText } from './terminal';

const longestContent = 30_000;
const cutNotice = '\n[... Observation truncated due to length ...]\n';

/** The text as observations carry it: no blanks at line ends, none around the whole. */
export function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}

/** Leaves out the middle of a text that is too long for an observation. */
export function shorten(text: string): string {
  if (text.length <= longestContent) return text;
  const half = longestContent / 2;
  return text.slice(0, half) + cutNotice + text.slice(-half);
}

/** The note for a client when output was lost, or nothing. */
export function lostOutputPrefix(output: TerminalText): string {
  if (!output.truncated) return '';
  const lines = tidy(output.text).split('\n').length;
  return `[Previous command outputs are truncated. Showing the last ${lines} lines of the output below.]\n`;
}

/** A number of seconds the way clients of this protocol know it: always with a decimal point. */
export function decimalSeconds(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}
