/** How lines end. */
export type LineEnd = '\n' | '\r\n' | '\r';

/** How most lines of a text end; a text without any LF may have lines that end with CR alone. */
export function usualEnd(text: string): LineEnd {
  const crlf = text.split('\r\n').length - 1;
  const lf = text.split('\n').length - 1 - crlf;
  if (crlf + lf === 0) return text.includes('\r') ? '\r' : '\n';
  return crlf > lf ? '\r\n' : '\n';
}

/** The same text with LF at the end of each line. CR alone ends lines only in a text that has no LF. */
export function withLf(text: string): string {
  return usualEnd(text) === '\r' ? text.replaceAll('\r', '\n') : text.replaceAll('\r\n', '\n');
}

/**
 * What is given for a file, with its line ends as the file is looked at: a CRLF of a client means the end of a line where
 * the file has such ends.
 */
export function adapted(given: string, raw: string): string {
  if (usualEnd(raw) === '\r') return given.replaceAll(/\r\n?/g, '\n');
  return raw.includes('\r\n') ? given.replaceAll('\r\n', '\n') : given;
}

/**
 * Gives an edited text the line ends of the file: those of lines that stay as they were, for new ones the usual one.
 *
 * @param raw the file before the edit
 * @param edited the edited text, with LF
 */
export function withEndsOf(raw: string, edited: string): string {
  const usual = usualEnd(raw);
  if (usual === '\n' && !raw.includes('\r\n')) return edited;
  const { lines: old, ends } = cut(raw, usual);
  const lines = edited.split('\n');
  const shorter = Math.min(old.length, lines.length);
  let head = 0;
  while (head < shorter && old[head] === lines[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === lines[lines.length - 1 - tail]) tail += 1;
  return lines
    .map((line, at) => {
      if (at === lines.length - 1) return line;
      const before = at < head ? at : at >= lines.length - tail ? at + old.length - lines.length : -1;
      return line + (ends[before] ?? usual);
    })
    .join('');
}

function cut(raw: string, usual: LineEnd): { readonly lines: readonly string[]; readonly ends: readonly string[] } {
  const lines: string[] = [];
  const ends: string[] = [];
  let from = 0;
  for (const { index, 0: end } of raw.matchAll(usual === '\r' ? /\r/g : /\r?\n/g)) {
    lines.push(raw.slice(from, index));
    ends.push(end);
    from = index + end.length;
  }
  return { lines: [...lines, raw.slice(from)], ends };
}
