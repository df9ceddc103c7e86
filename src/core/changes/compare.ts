import type { ChangesReport, WorkFile } from './changesReport';
import { goneFromFolder, withoutFolderMoves, type RawEntry, type StatusEntry } from './porcelain';
import { TimeSlicer } from '../../ground/timeSlicer';

/** One side of a change: where its content is, and what tells it from another. */
export interface ChangeSide {
  /** As git writes modes: `100755` can be executed, `120000` is a link, `160000` a repository within. */
  readonly mode: string;
  /** Of the content; empty where it cannot be read. */
  readonly id: string;
  /** Whether the content is in the folder, not among the objects. */
  readonly isWork: boolean;
  readonly size: number | undefined;
  /** Whether it is known by size and time only. */
  readonly isLarge: boolean;
}

export type ChangeKind =
  'added' | 'untracked' | 'modified' | 'deleted' | 'renamed' | 'copied' | 'typeChanged' | 'conflict';

export interface FileChange {
  readonly kind: ChangeKind;
  /** In the repository, as `pathText` writes it; ends with `/` for a repository within. */
  readonly path: string;
  /** Where it was. */
  readonly from: string | undefined;
  readonly before: ChangeSide | undefined;
  readonly after: ChangeSide | undefined;
  /** Whether git is told to overlook it. */
  readonly isHidden: boolean;
  /** Whether a filter, such as that of Git LFS, would be run on it: it may not be changed at all. */
  readonly isFiltered: boolean;
}

/** How a repository differs: from its last commit, and from how it was at the first look. */
export interface ChangeGroups {
  /** None in a folder without git. */
  readonly uncommitted: readonly FileChange[];
  /** Undefined where the start could not be kept. */
  readonly sinceStart: readonly FileChange[] | undefined;
  /** Undefined where no agent was prompted. */
  readonly thisTurn: readonly FileChange[] | undefined;
}

const nothing = '000000';
/** Changes that are sorted in one go: some milliseconds. */
const sortedAtOnce = 4_000;

/** Compares what was read of a repository. */
export async function changeGroups(report: ChangesReport, slicer = new TimeSlicer(64)): Promise<ChangeGroups> {
  const changes: FileChange[] = [];
  const links = newLinks(report);
  for (const entry of hasGit(report) ? withoutFolderMoves(report.status).rows : []) {
    if (slicer.isDue) await slicer.rest();
    const isGone = entry.kind === 'changed' && isBelow(entry.path, links);
    changes.push(uncommitted(isGone ? goneFromFolder(entry) : entry, report));
  }
  const { start, turn, since, sinceTurn } = report;
  return {
    uncommitted: await sorted(changes, slicer),
    sinceStart:
      start && (await sorted(await sinceKept(since, isFolderStart(report) ? alone(report) : report, slicer), slicer)),
    thisTurn: turn && (await sorted(await sinceKept(sinceTurn, report, slicer), slicer)),
  };
}

/** Whether it is a repository, and not a folder without git. */
export function hasGit({ common }: Pick<ChangesReport, 'common'>): boolean {
  return common !== '';
}

/** Whether its start is from when it was a folder without git: what differs from that is told as a whole. */
export function isFolderStart({ common, start }: Pick<ChangesReport, 'common' | 'start'>): boolean {
  return common !== '' && start?.tree === 'folder';
}

function alone(report: ChangesReport): ChangesReport {
  return { ...report, status: [] };
}

/** Tells whether a change is still the same one: another word after every further change. */
export function changeWord({ kind, from, before, after }: FileChange): string {
  const side = (one: ChangeSide | undefined): string => (one === undefined ? '-' : `${one.mode}:${one.id}`);
  return [kind, side(before), side(after), from ?? ''].join(' ');
}

function uncommitted(entry: StatusEntry, report: ChangesReport): FileChange {
  const { path, from } = entry;
  // Added and then removed again: what was to be committed is the side that there was.
  const isDropped = entry.kind === 'changed' && entry.modes[0] === nothing && entry.modes[2] === nothing;
  const before = isDropped ? blob(entry.modes[1], entry.ids[1]) : blob(entry.modes[0], entry.ids[0]);
  const after = workSide(entry, report.files);
  return { kind: kindOf(entry, before, after), path, from, before, after, ...marks(path, report) };
}

function kindOf(entry: StatusEntry, before: ChangeSide | undefined, after: ChangeSide | undefined): ChangeKind {
  if (entry.kind === 'unmerged') return 'conflict';
  if (entry.kind === 'untracked') return 'untracked';
  if (after === undefined) return 'deleted';
  if (entry.from !== undefined) return [entry.staged, entry.work].includes('C') ? 'copied' : 'renamed';
  if (before === undefined) return 'added';
  return isOtherType(before, after) ? 'typeChanged' : 'modified';
}

/** What is in the folder under the name of an entry. */
function workSide(entry: StatusEntry, files: ReadonlyMap<string, WorkFile>): ChangeSide | undefined {
  const { kind, work, modes, ids, path } = entry;
  // Of a conflict the letters say what both sides did: one that only they deleted is here still.
  if (kind === 'unmerged' ? modes[2] === nothing : work === 'D') return undefined;
  const file = files.get(path);
  if (file !== undefined) {
    const mode = kind === 'untracked' || modes[2] === nothing ? file.mode : modes[2];
    return { mode, id: file.id, isWork: true, size: file.size, isLarge: file.isLarge };
  }
  if (kind === 'untracked') return { mode: '', id: '', isWork: true, size: undefined, isLarge: false };
  const side = blob(modes[1], ids[1]);
  return side === undefined ? undefined : { ...side, isWork: true };
}

/** A side before and a side after by its path, and where it was. */
interface Sides {
  readonly before: Map<string, ChangeSide | undefined>;
  readonly after: Map<string, ChangeSide | undefined>;
  readonly origins: Map<string, string>;
  readonly untracked: Set<string>;
}

/**
 * What differs from a tree that was kept: what the index and the folder say of it put together, as nobody wrote the folder's tree.
 *
 * @param since the index against that tree
 */
async function sinceKept(since: readonly RawEntry[], report: ChangesReport, slicer: TimeSlicer): Promise<FileChange[]> {
  const { before, after, origins, untracked } = await sidesSinceKept(since, report, slicer);
  const changes: FileChange[] = [];
  /** What is gone, by its content where there is one, and by its path. */
  const byId = new Map<string, string>();
  const lost = new Set<string>();
  const kept: string[] = [];
  for (const [path, was] of before) {
    if (slicer.isDue) await slicer.rest();
    const is = after.get(path);
    if (isSame(was, is)) continue;
    if (is !== undefined) kept.push(path);
    else lost.add(path);
    if (is === undefined) byId.set(was?.id ?? '', path);
  }
  for (const path of kept) {
    if (slicer.isDue) await slicer.rest();
    const [old, now] = [before.get(path), after.get(path)];
    if (now === undefined) continue;
    const found = old === undefined ? (origins.get(path) ?? byId.get(now.id === '' ? '-' : now.id)) : undefined;
    // Each is taken once.
    const from = found !== undefined && lost.delete(found) ? found : undefined;
    const kind: ChangeKind =
      from !== undefined
        ? 'renamed'
        : old === undefined
          ? untracked.has(path)
            ? 'untracked'
            : 'added'
          : isOtherType(old, now)
            ? 'typeChanged'
            : 'modified';
    const was = from === undefined ? old : before.get(from);
    changes.push({ kind, path, from, before: was, after: now, ...marks(path, report) });
  }
  for (const path of lost) {
    if (slicer.isDue) await slicer.rest();
    const was = before.get(path);
    changes.push({ kind: 'deleted', path, from: undefined, before: was, after: undefined, ...marks(path, report) });
  }
  return changes;
}

async function sidesSinceKept(since: readonly RawEntry[], report: ChangesReport, slicer: TimeSlicer): Promise<Sides> {
  const before = new Map<string, ChangeSide | undefined>();
  const after = new Map<string, ChangeSide | undefined>();
  const origins = new Map<string, string>();
  const untracked = new Set<string>();
  for (const { modes, ids, letter, path, from } of since) {
    if (slicer.isDue) await slicer.rest();
    if (from !== undefined && letter === 'R') {
      before.set(from, blob(modes[0], ids[0]));
      if (!after.has(from)) after.set(from, undefined);
      if (!before.has(path)) before.set(path, undefined);
      origins.set(path, from);
    } else {
      before.set(path, from === undefined ? blob(modes[0], ids[0]) : undefined);
    }
    const side = blob(modes[1], ids[1]);
    const { id = '', size, isLarge = false } = report.files.get(path) ?? {};
    // Known by size and time then, so it is compared by them, also where git has it now.
    after.set(path, side && { ...side, ...(isLarge && { id }), isWork: true, size, isLarge });
  }
  for (const entry of withoutFolderMoves(report.status).places) {
    if (slicer.isDue) await slicer.rest();
    const { path, kind, work } = entry;
    if (kind === 'untracked' && hasGit(report)) untracked.add(path);
    // A repository within, which is shown by itself.
    if (path.endsWith('/') || (work === '.' && kind === 'changed')) continue;
    if (!before.has(path)) before.set(path, kind === 'untracked' ? undefined : blob(entry.modes[1], entry.ids[1]));
    after.set(path, workSide(entry, report.files));
  }
  const links = newLinks(report);
  for (const path of links.size === 0 ? [] : after.keys()) {
    if (slicer.isDue) await slicer.rest();
    if (isBelow(path, links)) after.set(path, undefined);
  }
  return { before, after, origins, untracked };
}

/**
 * The links that git has not. Of a file below one that leads to itself git does not say that it is gone: it cannot look, and takes it
 * for unchanged.
 */
function newLinks({ status, files }: ChangesReport): ReadonlySet<string> {
  const isLink = ({ kind, path }: StatusEntry): boolean => kind === 'untracked' && files.get(path)?.mode === '120000';
  return new Set(status.filter(isLink).map(({ path }) => path));
}

function isBelow(path: string, links: ReadonlySet<string>): boolean {
  if (links.size === 0) return false;
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    if (links.has(path.slice(0, end))) return true;
  }
  return false;
}

/** Sorted in parts that are merged: a hundred thousand paths at once would hold others up. */
async function sorted(changes: readonly FileChange[], slicer: TimeSlicer): Promise<readonly FileChange[]> {
  // As git tells them, unless some are new.
  if (changes.every((change, at) => at === 0 || byPath(changes[at - 1] ?? change, change) < 0)) return changes;
  let parts: FileChange[][] = [];
  for (let at = 0; at < changes.length; at += sortedAtOnce) {
    parts.push(changes.slice(at, at + sortedAtOnce).sort(byPath));
    await slicer.rest();
  }
  while (parts.length > 1) {
    const merged: FileChange[][] = [];
    for (let at = 0; at < parts.length; at += 2) {
      merged.push(await mergedParts(parts[at] ?? [], parts[at + 1] ?? [], slicer));
    }
    parts = merged;
  }
  return parts[0] ?? [];
}

async function mergedParts(
  one: readonly FileChange[],
  other: readonly FileChange[],
  slicer: TimeSlicer,
): Promise<FileChange[]> {
  const all: FileChange[] = [];
  let place = 0;
  for (const change of one) {
    if (slicer.isDue) await slicer.rest();
    for (let next = other[place]; next !== undefined && byPath(next, change) < 0; next = other[place]) {
      all.push(next);
      place += 1;
    }
    all.push(change);
  }
  for (; place < other.length; place += 1) {
    const next = other[place];
    if (next !== undefined) all.push(next);
  }
  return all;
}

function marks(path: string, { hidden, filtered }: ChangesReport): Pick<FileChange, 'isHidden' | 'isFiltered'> {
  return { isHidden: hidden.has(path), isFiltered: filtered.has(path) };
}

function blob(mode: string, id: string): ChangeSide | undefined {
  if (mode === nothing || mode === '') return undefined;
  return { mode, id, isWork: false, size: undefined, isLarge: false };
}

function isSame(one: ChangeSide | undefined, other: ChangeSide | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.mode === other.mode && one.id === other.id;
}

function isOtherType(one: ChangeSide, other: ChangeSide): boolean {
  return one.mode.slice(0, 3) !== other.mode.slice(0, 3);
}

function byPath(one: FileChange, other: FileChange): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
