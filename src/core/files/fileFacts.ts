import { textOfPath } from './pathText';

/** What a file is, once links are followed; `missing` is behind a link that leads nowhere. */
type FileType = 'file' | 'folder' | 'special' | 'missing';

export interface FileStat {
  readonly type: FileType;
  /** Whether the name itself is a symbolic link; all else is about what it leads to. */
  readonly isLink: boolean;
  readonly size: number;
  /** Unix milliseconds. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** Octal, as `chmod` takes it. */
  readonly mode: string;
  /** Whether the devbox's user may write to it. */
  readonly isWritable: boolean;
  /** Another one after every change, also one that sets the time back. */
  readonly token: string;
}

export interface FolderEntry extends FileStat {
  /** As {@link textOfPath} writes it. */
  readonly name: string;
}

/** What `find` prints of a file: {@link parseFacts} reads it. No name is in it. */
export const factsFormat = `\\( -writable -printf 'w ' -o -printf 'r ' \\) -printf '%y %m %s %T@ %C@ %D.%i`;
/** What `find` prints of a file so that it can be told whether it is still the same. */
export const tokenFormat = '%D.%i.%s.%T@.%C@';

/** The facts of a file as `find` has printed them; undefined if they are none. */
function parseFacts(text: string, isLink = false): FileStat | undefined {
  const found = /^([wr]) (\S) ([0-7]+) (\d+) (-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?) (\d+\.\d+)$/.exec(text);
  if (found === null) return undefined;
  const [, access, kind, mode = '', size = '', mtime = '', ctime = '', node = ''] = found;
  return {
    type: kind === 'f' ? 'file' : kind === 'd' ? 'folder' : kind === 'l' ? 'missing' : 'special',
    isLink: isLink || kind === 'l',
    size: Number(size),
    mtimeMs: Math.floor(Number(mtime) * 1000),
    ctimeMs: Math.floor(Number(ctime) * 1000),
    mode,
    isWritable: access === 'w',
    token: `${node}.${size}.${mtime}.${ctime}`,
  };
}

/** The facts of one name: its own, and behind a link those of what it leads to. */
export function statOf(fields: readonly Buffer[]): FileStat | undefined {
  const [own, followed] = fields.map((field) => field.toString());
  const stat = own === undefined ? undefined : parseFacts(own);
  if (stat?.isLink !== true || followed === undefined) return stat;
  return parseFacts(followed, true) ?? stat;
}

/** The entries of a folder: facts and names by turns, an empty field, then those of what links lead to. */
export function entriesOf(fields: readonly Buffer[]): FolderEntry[] {
  const entries = new Map<string, FolderEntry>();
  let isFollowed = false;
  for (let at = 0; at < fields.length;) {
    const facts = fields[at]?.toString('latin1') ?? '';
    if (facts === '' && !isFollowed) {
      isFollowed = true;
      at += 1;
      continue;
    }
    const text = textOfPath(fields[at + 1] ?? Buffer.alloc(0));
    const name = text.startsWith('./') ? text.slice(2) : text;
    const stat = parseFacts(facts, isFollowed);
    const isName = name !== '' && name !== '.' && name !== '..' && !name.includes('/');
    // Not copied: of thousands, that takes longer than to read them.
    if (stat !== undefined && isName) entries.set(name, Object.assign(stat, { name }));
    at += 2;
  }
  return [...entries.values()];
}

/** The fields of an output that are ended by NUL. */
export function fieldsOf(output: Uint8Array): Buffer[] {
  const bytes = Buffer.from(output);
  const fields: Buffer[] = [];
  for (let from = 0, to = bytes.indexOf(0); to >= 0; from = to + 1, to = bytes.indexOf(0, from)) {
    fields.push(bytes.subarray(from, to));
  }
  return fields;
}
