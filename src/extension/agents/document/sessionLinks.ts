import { DocumentLink, Range, type Uri } from 'vscode';
import type { FileLine } from '../sessionText';

/** Files that are linked in one document. */
const mostLinks = 500;

/**
 * Links to the files that a session names, in its own devbox and nowhere else.
 *
 * @param root a folder of the devbox, by which its files are addressed
 * @param cwd where paths that are not absolute begin
 */
export function sessionLinks(files: readonly FileLine[], root: Uri, cwd: string): DocumentLink[] {
  return files.slice(-mostLinks).flatMap(({ line, from, path }) => {
    const absolute = path.startsWith('/') ? path : `${cwd.replace(/\/$/, '')}/${path}`;
    if (!absolute.startsWith('/')) return [];
    return [
      new DocumentLink(new Range(line, from, line, from + path.length), root.with({ path: withoutDots(absolute) })),
    ];
  });
}

/** An absolute path without `.`, `..` and empty names. */
function withoutDots(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}
