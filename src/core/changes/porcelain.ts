import { textOfPath } from '../files/pathText';
import { TimeSlicer } from '../../ground/timeSlicer';

/** One entry of `git status --porcelain=v2 -z`. */
export interface StatusEntry {
  readonly kind: 'changed' | 'unmerged' | 'untracked';
  /** Of the index against HEAD, and of the folder against the index: `.` for none, else git's letter. */
  readonly staged: string;
  readonly work: string;
  /** Of HEAD, index and folder; `000000` where it is not there. */
  readonly modes: readonly [head: string, index: string, work: string];
  readonly ids: readonly [head: string, index: string];
  readonly path: string;
  /** Where it was in HEAD or the index, if it was moved or copied. */
  readonly from: string | undefined;
}

/** One entry of `git diff-index --raw -z`. */
export interface RawEntry {
  readonly modes: readonly [before: string, after: string];
  readonly ids: readonly [before: string, after: string];
  readonly letter: string;
  readonly path: string;
  readonly from: string | undefined;
}

/** How git writes the mode of what is not there. */
const nothing = '000000';

/** Thrown where an output of git's is not what it must be. */
export class MalformedOutput extends Error {}

const letters = '[.MTADRCU]';
const mode = '[0-7]{6}';
const id = '[0-9a-f]{40,64}';
const ordinary = new RegExp(`^1 (${letters})(${letters}) [NS]\\S{3} (${mode}) (${mode}) (${mode}) (${id}) (${id}) `);
const moved = new RegExp(
  `^2 (${letters})(${letters}) [NS]\\S{3} (${mode}) (${mode}) (${mode}) (${id}) (${id}) [RC]\\d+ `,
);
const unmerged = new RegExp(
  `^u (${letters})(${letters}) [NS]\\S{3} (${mode}) (${mode}) (${mode}) (${mode}) (${id}) (${id}) (${id}) `,
);
/** Nearly all names: one byte a character. */
const plain = /^[ -~]*$/;
const raw = new RegExp(`^:(${mode}) (${mode}) (${id}) (${id}) ([ACDMRTUX])\\d*$`);

/** A section of what a script says, or an output of git's: its parts that are ended by NUL, one character a byte. */
export async function fieldsIn(section: Buffer, slicer = new TimeSlicer(64)): Promise<string[]> {
  const text = section.toString('latin1');
  const fields: string[] = [];
  for (let from = 0, to = text.indexOf('\0'); to >= 0; from = to + 1, to = text.indexOf('\0', from)) {
    if (slicer.isDue) await slicer.rest();
    fields.push(text.slice(from, to));
  }
  return fields;
}

/** A path among such parts. */
export function pathIn(field: string): string {
  return plain.test(field) ? field : textOfPath(Buffer.from(field, 'latin1'));
}

/** @throws MalformedOutput */
export async function statusEntries(fields: readonly string[], slicer = new TimeSlicer(64)): Promise<StatusEntry[]> {
  const entries: StatusEntry[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    if (slicer.isDue) await slicer.rest();
    const text = fields[at] ?? '';
    const rest = (matched: string): string => pathIn(text.slice(matched.length));
    if (text.startsWith('? ') || text.startsWith('! ')) {
      if (text.startsWith('! ')) continue;
      const place = { path: rest('? '), from: undefined };
      entries.push({
        kind: 'untracked',
        staged: '?',
        work: '?',
        modes: [nothing, nothing, nothing],
        ids: ['', ''],
        ...place,
      });
      continue;
    }
    const conflict = unmerged.exec(text);
    if (conflict !== null) {
      const [all, staged = '', work = '', , ours = '', , now = '', , oursId = ''] = conflict;
      const modes = [ours, ours, now] as const;
      entries.push({ kind: 'unmerged', staged, work, modes, ids: [oursId, oursId], path: rest(all), from: undefined });
      continue;
    }
    const found = ordinary.exec(text) ?? moved.exec(text);
    if (found === null) throw new MalformedOutput('status');
    const [all, staged = '', work = '', head = '', index = '', now = '', headId = '', indexId = ''] = found;
    let from: string | undefined;
    if (text.startsWith('2')) {
      at += 1;
      from = pathIn(fields[at] ?? '');
    }
    const modes = [head, index, now] as const;
    entries.push({ kind: 'changed', staged, work, modes, ids: [headId, indexId], path: rest(all), from });
  }
  return entries;
}

/** @throws MalformedOutput */
export async function rawEntries(fields: readonly string[], slicer = new TimeSlicer(64)): Promise<RawEntry[]> {
  const entries: RawEntry[] = [];
  for (let at = 0; at < fields.length;) {
    if (slicer.isDue) await slicer.rest();
    const found = raw.exec(fields[at] ?? '');
    const first = fields[at + 1];
    if (found === null || first === undefined) throw new MalformedOutput('diff');
    const [, before = '', after = '', beforeId = '', afterId = '', letter = ''] = found;
    const modes = [before, after] as const;
    const ids = [beforeId, afterId] as const;
    if (letter !== 'R' && letter !== 'C') {
      entries.push({ modes, ids, letter, path: pathIn(first), from: undefined });
      at += 2;
      continue;
    }
    const second = fields[at + 2];
    if (second === undefined) throw new MalformedOutput('diff');
    entries.push({ modes, ids, letter, path: pathIn(second), from: pathIn(first) });
    at += 3;
  }
  return entries;
}

/** What git says of a repository, without its moves from a place in the index to one in the folder only (`git add -N`). */
export interface WithoutFolderMoves {
  /** For what differs from the last commit: such a file is moved from where that has it. */
  readonly rows: readonly StatusEntry[];
  /** For what is in the folder and the index: it is made at one place, and gone at the other. */
  readonly places: readonly StatusEntry[];
}

/**
 * Puts together what git tells twice of a file that was changed or added in the index and then moved in the folder: once where the
 * index has it, as if it were there, and once where it is now, as if the index were the last commit. Where the last commit has
 * another file at the new place, it is that one that is other now, and the moved one is gone.
 */
export function withoutFolderMoves(status: readonly StatusEntry[]): WithoutFolderMoves {
  const targets = status.filter(isTarget);
  if (targets.length === 0) return { rows: status, places: status };
  const sources = new Map<string | undefined, StatusEntry>();
  for (const target of targets) if (target.work === 'R') sources.set(target.from, target);
  const byPath = new Map(status.filter(({ kind }) => kind === 'changed').map((entry) => [entry.path, entry]));
  const rows: StatusEntry[] = [];
  const places: StatusEntry[] = [];
  for (const entry of status) {
    const target = entry.kind === 'changed' ? sources.get(entry.path) : undefined;
    if (isTarget(entry)) {
      const source = byPath.get(entry.from ?? '');
      rows.push(rowOf(entry, source));
      places.push({ ...entry, work: 'A', modes: [entry.modes[0], nothing, entry.modes[2]], from: undefined });
      if (source !== undefined || entry.work !== 'R') continue;
      const gone = goneFrom(entry);
      places.push(gone);
      if (isAtCommitted(entry)) rows.push(gone);
    } else if (target === undefined) {
      rows.push(entry);
      places.push(entry);
    } else {
      const gone = goneFromFolder(entry);
      places.push(gone);
      if (isAtCommitted(target)) rows.push(gone);
    }
  }
  return { rows, places };
}

/** The same where there is nothing in the folder. */
export function goneFromFolder(entry: StatusEntry): StatusEntry {
  return { ...entry, work: 'D', modes: [entry.modes[0], entry.modes[1], nothing] };
}

function isTarget({ kind, work, from }: StatusEntry): boolean {
  return kind === 'changed' && from !== undefined && (work === 'R' || work === 'C');
}

/** Whether the last commit has a file of its own at the new place. */
function isAtCommitted({ staged }: StatusEntry): boolean {
  return staged !== '.';
}

function rowOf(entry: StatusEntry, source: StatusEntry | undefined): StatusEntry {
  if (isAtCommitted(entry)) return { ...entry, work: 'M', from: undefined };
  if (source === undefined) return entry;
  // Nor has the last commit what was only added.
  const from = source.from ?? (source.modes[0] === nothing ? undefined : source.path);
  return {
    ...entry,
    modes: [source.modes[0], entry.modes[1], entry.modes[2]],
    ids: [source.ids[0], entry.ids[1]],
    from,
  };
}

function goneFrom({ modes, ids, from = '' }: StatusEntry): StatusEntry {
  return {
    kind: 'changed',
    staged: '.',
    work: 'D',
    modes: [modes[1], modes[1], nothing],
    ids: [ids[1], ids[1]],
    path: from,
    from: undefined,
  };
}
