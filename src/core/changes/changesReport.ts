import { textOfPath } from '../files/pathText';
import { MalformedOutput, rawEntries, statusEntries, type RawEntry, type StatusEntry } from './porcelain';
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

/** @throws MalformedOutput for what is no report, or not a whole one */
export async function changesReport(output: Uint8Array, slicer = new TimeSlicer(64)): Promise<ChangesReport> {
  const sections = sectionsOf(Buffer.from(output.buffer, output.byteOffset, output.byteLength));
  const of = (name: string): Promise<Buffer[]> => {
    const section = sections.get(name);
    if (section === undefined) throw new MalformedOutput(name);
    return fieldsIn(section, slicer);
  };
  const facts = await of('facts');
  const [head = '', branch = '', format = '', , filemode = '', ...kept] = facts.map(String);
  if (format !== 'sha1' && format !== 'sha256') throw new MalformedOutput('format');
  return {
    head,
    branch,
    format,
    common: textOfPath(facts[3] ?? Buffer.alloc(0)),
    start: keptTree(kept),
    turn: keptTree(kept.slice(3)),
    status: await statusEntries(await of('status'), slicer),
    files: await workFiles(await of('files'), filemode !== 'false', slicer),
    since: await rawEntries(await of('since'), slicer),
    sinceTurn: await rawEntries(await of('turn'), slicer),
    // At most some thousand.
    hidden: new Set((await of('hidden')).map(textOfPath)),
    filtered: await filteredNames(await of('filters'), slicer),
  };
}

function keptTree([tree = '', head = '', at = '']: readonly string[]): KeptTree | undefined {
  return tree === '' ? undefined : { tree, head, atMs: Number(at) * 1000 };
}

function sectionsOf(output: Buffer): ReadonlyMap<string, Buffer> {
  const sections = new Map<string, Buffer>();
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0, at);
    const title = end < 0 ? '' : output.toString('latin1', at, end);
    if (title === 'end') return sections;
    const [, name = '', size = ''] = /^(\w+) +(\d+)$/.exec(title) ?? [];
    const from = end + 1;
    const to = from + Number(size);
    if (name === '' || to > output.length) break;
    sections.set(name, output.subarray(from, to));
    at = to;
  }
  throw new MalformedOutput('end');
}

/** What is ended by NUL. */
async function fieldsIn(section: Buffer, slicer: TimeSlicer): Promise<Buffer[]> {
  const fields: Buffer[] = [];
  for (let from = 0, to = section.indexOf(0); to >= 0; from = to + 1, to = section.indexOf(0, from)) {
    if (slicer.isDue) await slicer.rest();
    fields.push(section.subarray(from, to));
  }
  return fields;
}

/** Facts and names by turns. */
async function workFiles(
  fields: readonly Buffer[],
  hasModes: boolean,
  slicer: TimeSlicer,
): Promise<ReadonlyMap<string, WorkFile>> {
  const files = new Map<string, WorkFile>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (slicer.isDue) await slicer.rest();
    const [kind = '', id = '', bits = '', size = ''] = (fields[at]?.toString('latin1') ?? '').split(' ');
    const isExecutable = hasModes && (Number.parseInt(bits, 16) & 0o100) !== 0;
    const mode = { hash: isExecutable ? '100755' : '100644', large: isExecutable ? '100755' : '100644' } as const;
    const file: WorkFile = {
      mode:
        kind === 'link' ? '120000' : kind === 'sub' ? '160000' : kind === 'hash' || kind === 'large' ? mode[kind] : '',
      id: kind === 'none' ? '' : id,
      size: size === '' ? undefined : Number(size),
      isLarge: kind === 'large',
    };
    files.set(textOfPath(fields[at + 1] ?? Buffer.alloc(0)), file);
  }
  return files;
}

/** Name, attribute and value by turns. */
async function filteredNames(fields: readonly Buffer[], slicer: TimeSlicer): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    if (slicer.isDue) await slicer.rest();
    const value = fields[at + 2]?.toString() ?? '';
    if (!['unspecified', 'unset', 'set', ''].includes(value)) names.add(textOfPath(fields[at] ?? Buffer.alloc(0)));
  }
  return names;
}
