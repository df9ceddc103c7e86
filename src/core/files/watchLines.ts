/** What is watched: a folder with all below it, a folder and what is in it, or a file. Paths as `pathText` writes them. */
export interface WatchTarget {
  readonly kind: 'deep' | 'folder' | 'file';
  readonly path: string;
}

/** Something that has changed in a devbox. */
export type WatchedChange =
  /** The token is that of what is there now. */
  | { readonly kind: 'changed'; readonly path: string; readonly token: string }
  | { readonly kind: 'gone'; readonly path: string }
  /** Something in a folder; undefined: anywhere. */
  | { readonly kind: 'unclear'; readonly folder: string | undefined };

/** The number of what a watching process has taken in; undefined for a line that says something else. */
export function takenIn(line: string): number | undefined {
  const [, number] = /^r (\d{1,9})$/.exec(line) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** What a watching process has said; undefined for what tells nothing. */
export function changeIn(line: string): WatchedChange | undefined {
  if (line === '*') return { kind: 'unclear', folder: undefined };
  const [, kind, token = '', written = ''] = /^(c) (\S+) (\/.*)$/s.exec(line) ?? /^(g)( )(\/.*)$/s.exec(line) ?? [];
  if (kind === undefined) return undefined;
  const path = written.replaceAll('\u0001', '\n');
  // A name that is not UTF-8 does not come through: only where it is can be told.
  const lost = path.indexOf('\ufffd');
  if (lost >= 0) return { kind: 'unclear', folder: path.slice(0, path.lastIndexOf('/', lost)) || '/' };
  return kind === 'g' ? { kind: 'gone', path } : { kind: 'changed', path, token };
}
