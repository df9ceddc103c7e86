import { oneLine, stripControls } from '../safeText';

/** Characters of one line that are shown; a line of a log may have a megabyte. */
const mostCharacters = 2_000;

/** Outside text of one line in which no editor finds a link: nothing of a devbox may be clicked. */
export function safeLine(text: string, limit = mostCharacters): string {
  return withoutLinks(oneLine(text, limit));
}

/** As {@link safeLine}, but with its blanks kept: output is indented on purpose. */
export function safeOutput(text: string): string {
  const flat = stripControls(text)
    .replace(/[\r\n\u2028\u2029\u0085]+/g, ' ')
    .trimEnd();
  const shown =
    flat.length > mostCharacters ? `${flat.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, '')} […]` : flat;
  return withoutLinks(shown);
}

function withoutLinks(text: string): string {
  return text
    .replaceAll('://', ': //')
    .replace(/\b(command|javascript|data|file|mailto|vscode(?:-insiders)?|vscode-remote):(?=\S)/gi, '$1: ');
}
