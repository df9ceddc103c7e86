import { createHash } from 'node:crypto';
import { hashedFiles, type HashedFiles } from './hashedFiles';
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

/**
 * @param known what a look before has told
 * @returns undefined where it takes hashes for known that are not
 * @throws MalformedOutput for what is no report, or not a whole one
 */
export async function changesReport(
  output: Uint8Array,
  {
    slicer = new TimeSlicer(64),
    known,
  }: { readonly slicer?: TimeSlicer; readonly known?: HashedFiles | undefined } = {},
): Promise<{ readonly report: ChangesReport; readonly digest: string; readonly hashed: HashedFiles } | undefined> {
  const { sections, rest } = sectionsOf(Buffer.from(output.buffer, output.byteOffset, output.byteLength));
  const hashed = await hashedFiles({ lines: sections.get('plain'), ids: sections.get('ids'), rest }, known, slicer);
  if (hashed === undefined) return undefined;
  const digest = createHash('sha256').update([...hashed.ids.values()].join(' '));
  for (const [name, bytes] of sections) if (name !== 'ids') digest.update(`${name} ${bytes.length} `).update(bytes);
  return { report: await reportOf(sections, hashed, slicer), digest: digest.digest('base64url'), hashed };
}

async function reportOf(
  sections: ReadonlyMap<string, Buffer>,
  hashed: HashedFiles,
  slicer: TimeSlicer,
): Promise<ChangesReport> {
  const of = (name: string): Promise<string[]> => {
    const section = sections.get(name);
    if (section === undefined) throw new MalformedOutput(name);
    return fieldsIn(section, slicer);
  };
  const facts = await of('facts');
  const [head = '', branch = '', format = '', , filemode = '', ...kept] = facts;
  if (format !== 'sha1' && format !== 'sha256') throw new MalformedOutput('format');
  return {
    head,
    branch,
    format,
    common: pathIn(facts[3] ?? ''),
    start: keptTree(kept),
    turn: keptTree(kept.slice(3)),
    status: await statusEntries(await of('status'), slicer),
    files: await workFiles(await of('files'), hashed, { hasModes: filemode !== 'false', slicer }),
    since: await rawEntries(await of('since'), slicer),
    sinceTurn: await rawEntries(await of('turn'), slicer),
    // At most some thousand.
    hidden: new Set((await of('hidden')).map(pathIn)),
    filtered: await filteredNames(await of('filters'), slicer),
  };
}

function keptTree([tree = '', head = '', at = '']: readonly string[]): KeptTree | undefined {
  return tree === '' ? undefined : { tree, head, atMs: Number(at) * 1000 };
}

function sectionsOf(output: Buffer): { readonly sections: ReadonlyMap<string, Buffer>; readonly rest: string } {
  const sections = new Map<string, Buffer>();
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0, at);
    const title = end < 0 ? '' : output.toString('latin1', at, end);
    if (title === 'end') return { sections, rest: output.toString('latin1', end + 1) };
    const [, name = '', size = ''] = /^(\w+) +(\d+)$/.exec(title) ?? [];
    const from = end + 1;
    const to = from + Number(size);
    if (name === '' || to > output.length) break;
    sections.set(name, output.subarray(from, to));
    at = to;
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
  const regular = (bits: string): string =>
    hasModes && (Number.parseInt(bits, 16) & 0o100) !== 0 ? '100755' : '100644';
  const sizeOf = (size: string): number | undefined => (size === '' ? undefined : Number(size));
  for (const [line, id] of hashed.ids) {
    if (slicer.isDue) await slicer.rest();
    // Its time, mode and size, and more that only tells it from others.
    const afterTime = line.indexOf(' ');
    const afterMode = line.indexOf(' ', afterTime + 1);
    const afterSize = line.indexOf(' ', afterMode + 1);
    const mode = regular(line.slice(afterTime + 1, afterMode));
    const path = pathIn(line.slice(line.indexOf('/', afterSize) + 1));
    files.set(path, { mode, id, size: sizeOf(line.slice(afterMode + 1, afterSize)), isLarge: false });
  }
  // What is known by size and time stays so, whatever it was read for.
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (slicer.isDue) await slicer.rest();
    const [kind = '', id = '', bits = '', size = ''] = (fields[at] ?? '').split(' ');
    const isRegular = kind === 'hash' || kind === 'large';
    files.set(pathIn(fields[at + 1] ?? ''), {
      mode: kind === 'link' ? '120000' : kind === 'sub' ? '160000' : isRegular ? regular(bits) : '',
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
