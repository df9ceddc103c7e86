/** Splits a text into lines that keep their line ends. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const whole = lines.map((line) => `${line}\n`);
  return last === '' ? whole : [...whole, last];
}

/**
 * The lines that a `read` action asks for. The rule is the reference server's, which clients know: with an end given
 * there is always at least one line, and the beginning is pulled back to the last but one line.
 *
 * @param lines all lines
 * @param start first line, from 0
 * @param end line behind the last one; -1 for all
 */
export function lineWindow(lines: readonly string[], start: number, end: number): string[] {
  const first = clamp(start, lines.length);
  if (end === -1) return lines.slice(first);
  const begin = Math.max(0, Math.min(first, lines.length - 2));
  return lines.slice(begin, Math.max(clamp(end, lines.length), begin + 1));
}

function clamp(value: number, highest: number): number {
  return Math.min(Math.max(value, 0), highest);
}
