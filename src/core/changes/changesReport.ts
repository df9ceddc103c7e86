import { createHash } from 'node:crypto';
import { hashedFiles, hashOfFiles, isExecutable, type HashedFiles, type ToldFiles } from './hashedFiles';
import {
  fieldsIn,
  MalformedOutput,
  pathIn,
  rawEntries,
  statusEntries,
  type RawEntry,
  type StatusEntry,
} from './porcelain';
import { TimeSlicer } from '../../ground/timeSlicer';

/** What is in the folder under a name whose content the index does not know. */
export interface WorkFile {
  /** As git writes modes; empty for what cannot be read. */
  readonly mode: string;
  /** Of the bytes as they are, of a link's text, of the commit of a repository within; empty for what cannot be read. */
  readonly id: string;
  readonly size: number | undefined;
  /** Whether it is known by size and time only. */
  readonly isLarge: boolean;
}

/** What a folder held at one time, and the commit that was checked out. */
interface KeptTree {
  readonly tree: string;
  readonly head: string;
  readonly atMs: number;
}

/** What the script has said of one repository, read but not yet compared. */
export interface ChangesReport {
  /** The commit that is checked out; empty before the first. */
  readonly head: string;
  /** Empty where no branch is checked out. */
  readonly branch: string;
  readonly format: 'sha1' | 'sha256';
  /** The git directory that all worktrees share; empty for a folder without git. */
  readonly common: string;
  /** What the folder held at the first look; undefined where that could not be kept. */
  readonly start: KeptTree | undefined;
  /** What it held when an agent was prompted last; undefined where none was, or that could not be kept. */
  readonly turn: KeptTree | undefined;
  readonly status: readonly StatusEntry[];
  readonly files: ReadonlyMap<string, WorkFile>;
  /** The index against the start. */
  readonly since: readonly RawEntry[];
  /** The index against the beginning of the turn. */
  readonly sinceTurn: readonly RawEntry[];
  /** Names whose edits git is told to overlook. */
  readonly hidden: ReadonlySet<string>;
  /** Names that pass a filter, such as that of Git LFS, which is not run. */
  readonly filtered: ReadonlySet<string>;
}

/** What a look has told, for the next one: the same is not told again. */
export interface KnownReport {
  readonly report: ChangesReport;
  readonly hashed: HashedFiles;
  readonly sections: ReadonlyMap<string, Section>;
}

/** One part of what the script says. */
interface Section {
  readonly bytes: Buffer;
  readonly hash: string;
}

/** The hashes of what is known of a look before, as the script takes them. */
export function knownHashes(sections: KnownReport['sections']): string {
  return Array.from(sections, ([name, { hash }]) => ` ${name}:${hash}`)
    .toSorted()
    .join('');
}

/**
 * @param known what the look before has told, as the script was asked with it
 * @returns undefined where the script takes for known what is not
 * @throws MalformedOutput for what is no report, or not a whole one
 */
export async function changesReport(
  output: Uint8Array,
  {
    slicer = new TimeSlicer(64),
    known,
  }: { readonly slicer?: TimeSlicer; readonly known?: KnownReport | undefined } = {},
): Promise<(KnownReport & { readonly digest: string }) | undefined> {
  const { parts, rest } = partsOf(Buffer.from(output.buffer, output.byteOffset, output.byteLength));
  const lines = linesTold(parts);
  const sections = new Map<string, Section>();
  for (const [name, bytes] of parts) {
    if (slicer.isDue) await slicer.rest();
    const section = typeof bytes === 'string' ? known?.sections.get(name) : { bytes, hash: hashOf(bytes) };
    if (section === undefined) return undefined;
    sections.set(name, section);
  }
  /** What a section means; that of before where it is the same. */
  const read = async <T>(
    name: string,
    parse: (fields: readonly string[]) => T | Promise<T>,
    before?: (report: ChangesReport) => T,
  ): Promise<T> => {
    const section = sections.get(name);
    if (section === undefined) throw new MalformedOutput(name);
    const isSame = section === known?.sections.get(name);
    if (known !== undefined && before !== undefined && isSame) return before(known.report);
    return parse(await fieldsIn(section.bytes, slicer));
  };
  const status = await read(
    'status',
    (fields) => statusEntries(fields, slicer),
    (report) => report.status,
  );
  const others = await read('files', (fields) => fields);
  const paths = await pathsWithLines(status, others, slicer);
  const hashed = await hashedFiles({ ...lines, until: rest, paths }, known?.hashed, slicer);
  if (hashed === undefined) return undefined;
  const facts = await read('facts', (fields) => fields);
  const [head = '', branch = '', format = '', common = '', filemode = '', ...kept] = facts;
  if (format !== 'sha1' && format !== 'sha256') throw new MalformedOutput('format');
  const report: ChangesReport = {
    head,
    branch,
    format,
    common: pathIn(common),
    start: keptTree(kept),
    turn: keptTree(kept.slice(3)),
    status,
    files: await workFiles(others, hashed, { hasModes: filemode !== 'false', slicer }),
    since: await read(
      'since',
      (fields) => rawEntries(fields, slicer),
      (before) => before.since,
    ),
    sinceTurn: await read(
      'turn',
      (fields) => rawEntries(fields, slicer),
      (before) => before.sinceTurn,
    ),
    // At most some thousand.
    hidden: await read('hidden', (fields) => new Set(fields.map(pathIn))),
    filtered: await read(
      'filters',
      (fields) => filteredNames(fields, slicer),
      (before) => before.filtered,
    ),
  };
  const digest = hashOf(`${knownHashes(sections)} ${await hashOfFiles(hashed, slicer)}`);
  return { report, hashed, sections, digest };
}

/** Takes what is told of the files that are known by lines out of the parts. */
function linesTold(parts: Map<string, Buffer | string>): Pick<ToldFiles, 'before' | 'after' | 'ids'> {
  const [before = Buffer.of(), after = Buffer.of(), ids = Buffer.of()] = ['known', 'missed', 'ids'].map((name) => {
    const part = parts.get(name);
    parts.delete(name);
    return part;
  });
  if (typeof after === 'string' || typeof ids === 'string') throw new MalformedOutput('ids');
  return { before, after, ids };
}

/** The paths of files that may have lines: changed in the folder or new, and not told as another kind. */
async function pathsWithLines(
  status: readonly StatusEntry[],
  others: readonly string[],
  slicer: TimeSlicer,
): Promise<string[]> {
  const without = new Set(others.filter((_, at) => at % 2 === 1).map(pathIn));
  const paths: string[] = [];
  for (const { kind, work, path } of status) {
    if (slicer.isDue) await slicer.rest();
    const isListed = kind !== 'changed' || (work !== '.' && work !== 'D');
    if (isListed && !without.has(path)) paths.push(path);
  }
  return paths;
}

function hashOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function keptTree([tree = '', head = '', at = '']: readonly string[]): KeptTree | undefined {
  return tree === '' ? undefined : { tree, head, atMs: Number(at) * 1000 };
}

/** The bytes of each part by its name, or a text in their place where they are known; and what is behind all. */
function partsOf(output: Buffer): { readonly parts: Map<string, Buffer | string>; readonly rest: string } {
  const parts = new Map<string, Buffer | string>();
  let sizes: [name: string, size: number][] = [];
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0, at);
    const title = end < 0 ? ' ' : output.toString('latin1', at, end);
    if (title === 'end' && sizes.length === 0) return { parts, rest: output.toString('latin1', end + 1) };
    at = end + 1;
    if (title !== '') {
      const [, name, size, instead] = /^(\w+) (?:(\d+)|=([0-9a-f]*))$/.exec(title) ?? [];
      if (name === undefined) break;
      if (instead === undefined) sizes.push([name, Number(size)]);
      else parts.set(name, instead);
      continue;
    }
    for (const [name, size] of sizes) {
      if (at + size > output.length) throw new MalformedOutput(name);
      parts.set(name, output.subarray(at, at + size));
      at += size;
    }
    sizes = [];
  }
  throw new MalformedOutput('end');
}

/** Facts and names by turns, and the files whose hashes are told apart from that. */
async function workFiles(
  fields: readonly string[],
  hashed: HashedFiles,
  { hasModes, slicer }: { readonly hasModes: boolean; readonly slicer: TimeSlicer },
): Promise<ReadonlyMap<string, WorkFile>> {
  const files = new Map<string, WorkFile>();
  const regular = (may: boolean): string => (hasModes && may ? '100755' : '100644');
  const sizeOf = (size: string): number | undefined => (size === '' ? undefined : Number(size));
  for (const [path, { id, size, isExecutable: may }] of hashed.byPath) {
    if (slicer.isDue) await slicer.rest();
    files.set(path, { mode: regular(may), id, size, isLarge: false });
  }
  // What is known by size and time stays so, whatever it was read for.
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (slicer.isDue) await slicer.rest();
    const [kind = '', id = '', bits = '', size = ''] = (fields[at] ?? '').split(' ');
    const isRegular = kind === 'hash' || kind === 'large';
    files.set(pathIn(fields[at + 1] ?? ''), {
      mode: kind === 'link' ? '120000' : kind === 'sub' ? '160000' : isRegular ? regular(isExecutable(bits)) : '',
      id: kind === 'none' ? '' : id,
      size: sizeOf(size),
      isLarge: kind === 'large',
    });
  }
  return files;
}

/** Name, attribute and value by turns. */
async function filteredNames(fields: readonly string[], slicer: TimeSlicer): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    if (slicer.isDue) await slicer.rest();
    const value = fields[at + 2] ?? '';
    if (!['unspecified', 'unset', 'set', ''].includes(value)) names.add(pathIn(fields[at] ?? ''));
  }
  return names;
}
