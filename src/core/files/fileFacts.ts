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
  /** Whether every user of the devbox may read it; where that is not known, it is not told. A list does not tell it. */
  readonly isShared?: true;
  /** Where its content of before is, if a save was ended half-way and nobody put that right. A list does not tell it. */
  readonly aside?: string;
}

export interface FolderEntry extends Pick<FileStat, 'type' | 'isLink'> {
  /** As {@link textOfPath} writes it. */
  readonly name: string;
  /** All that is known of it: read only when somebody asks, as of thousands few are asked about. */
  stat(): FileStat;
}

/** What `find` prints of a file: {@link parseFacts} reads it. No name is in it. */
export const factsFormat = `\\( -writable -printf 'w ' -o -printf 'r ' \\) -printf '%y %m %s %T@ %C@ %D.%i`;
/** What `find` prints of a file so that it can be told whether it is still the same. */
export const tokenFormat = '%D.%i.%s.%T@.%C@';

const facts = /^([wr]) (\S) ([0-7]+) (\d+) (-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?) (\d+\.\d+)$/;

/** The facts of a file as `find` has printed them; undefined if they are none. */
function parseFacts(text: string, isLink = false): FileStat | undefined {
  const found = facts.exec(text);
  if (found === null) return undefined;
  const [, access, kind = '', mode = '', size = '', mtime = '', ctime = '', node = ''] = found;
  return {
    type: typeOfKind(kind),
    isLink: isLink || kind === 'l',
    size: Number(size),
    mtimeMs: Math.floor(Number(mtime) * 1000),
    ctimeMs: Math.floor(Number(ctime) * 1000),
    mode,
    isWritable: access === 'w',
    token: `${node}.${size}.${mtime}.${ctime}`,
  };
}

/** @param kind the letter that `find` has for it */
function typeOfKind(kind: string): FileType {
  return kind === 'f' ? 'file' : kind === 'd' ? 'folder' : kind === 'l' ? 'missing' : 'special';
}

/** The facts of one name: its own, behind a link those of what it leads to, whether all may read it, and what was put aside of it. */
export function statOf(fields: readonly Buffer[]): FileStat | undefined {
  const isAside = fields.at(-2)?.toString() === 'aside';
  const texts = fields.slice(0, isAside ? -2 : undefined).map((field) => field.toString());
  const isShared = texts.at(-1) === 'shared';
  const [own, followed] = texts;
  const stat = own === undefined ? undefined : parseFacts(own);
  const found = stat?.isLink === true && followed !== undefined ? (parseFacts(followed, true) ?? stat) : stat;
  const known = found === undefined || !isShared ? found : { ...found, isShared: true as const };
  const kept = isAside ? textOfPath(fields.at(-1) ?? Buffer.alloc(0)) : '';
  return known === undefined || !kept.startsWith('/') ? known : { ...known, aside: kept };
}

/** One name of a list, whose facts are known to be some. */
class ListedEntry implements FolderEntry {
  readonly name: string;
  readonly type: FileType;
  readonly isLink: boolean;
  readonly #facts: string;

  constructor(name: string, text: string, isFollowed: boolean) {
    const kind = text.charAt(2);
    this.name = name;
    this.type = typeOfKind(kind);
    this.isLink = isFollowed || kind === 'l';
    this.#facts = text;
  }

  stat(): FileStat {
    const stat = parseFacts(this.#facts, this.isLink);
    if (stat === undefined) throw new Error('These are no facts.');
    return stat;
  }
}

/** The entries of a folder: facts and names by turns, an empty field, then those of what links lead to. All are ended by NUL. */
export function entriesOf(output: Uint8Array): FolderEntry[] {
  const entries = new Map<string, FolderEntry>();
  // Each byte as a character: one text for all is read many times quicker than each by itself.
  const fields = Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString('latin1').split('\0');
  // What is behind the last NUL is nothing, or was cut.
  fields.pop();
  let isFollowed = false;
  for (let at = 0; at < fields.length;) {
    const text = fields[at] ?? '';
    if (text === '' && !isFollowed) {
      isFollowed = true;
      at += 1;
      continue;
    }
    const name = nameIn(fields[at + 1] ?? '');
    const isName = name !== '' && name !== '.' && name !== '..' && !name.includes('/');
    if (isName && facts.test(text)) entries.set(name, new ListedEntry(name, text, isFollowed));
    at += 2;
  }
  return [...entries.values()];
}

/** A name whose bytes are characters. */
function nameIn(bytes: string): string {
  const text = /[\x80-\xff]/.test(bytes) ? textOfPath(Buffer.from(bytes, 'latin1')) : bytes;
  return text.startsWith('./') ? text.slice(2) : text;
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
