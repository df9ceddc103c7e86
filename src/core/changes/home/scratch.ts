import { copyFile, lstat, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RuntimeError } from '../../errors';
import { oneLine } from '../../safeText';
import { changesProblem } from '../../problems/changes';
import { leadsOut, nameFault, type NameFault } from './checkNames';
import { failureIn, gitFailed, gitText, isFull, isOfPartial, localGit, type GitResult } from './localGit';

/*
 * A bare repository beside the clone, with the clone's objects as alternates: what comes from a devbox is looked at there, and the
 * clone is only read meanwhile.
 */

/** A clone on this computer, as far as something is brought into it. */
export interface Clone {
  readonly folder: string;
  readonly format: 'sha1' | 'sha256';
  /** Whether a commit is checked out. */
  readonly hasCommit: boolean;
  /** Its newest commits, what is checked out first. */
  readonly known: readonly string[];
}

/** Nothing of this computer's configuration counts in the scratch repository: it may forbid bare ones, or write logs otherwise. */
const alone = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
};

interface ScratchOptions {
  readonly signal: AbortSignal;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Bytes that one file may have that is brought home, and all of a patch; and the memory that git may take to find that out. */
const mostInflated = 1_000_000_000;
const mostMemory = 4 * 1024 * 1024 * 1024;
/** Files that are larger are not held in memory as a whole, packs not mapped as a whole, and each thread would take its own. */
const sparing = [
  'core.bigFileThreshold=64m',
  'core.packedGitLimit=1g',
  'core.packedGitWindowSize=64m',
  'pack.threads=1',
];
const settings = sparing.flatMap((setting) => ['-c', setting]);

/**
 * Runs git in a scratch repository.
 *
 * @throws RuntimeError `home_inflated` where that takes too much memory: a few bytes may stand for many gigabytes
 */
export async function scratchGit(
  scratch: string,
  args: readonly string[],
  options: ScratchOptions,
): Promise<GitResult> {
  const env = { ...alone, ...options.env };
  const result = await localGit(scratch, [...settings, ...args], { ...options, env, mostMemory });
  if (result.exitCode !== 0 && /[Oo]ut of memory|Cannot allocate memory/.test(result.stderr)) throw inflated();
  return result;
}

/** The same where it must succeed. @returns what it printed, without the last newline */
export async function scratchText(scratch: string, args: readonly string[], options: ScratchOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await scratchGit(scratch, args, options);
  if (exitCode !== 0) throw gitFailed(stderr);
  return stdout.toString().replace(/\n$/, '');
}

/** @throws RuntimeError `home_inflated` for blobs of which one is too large, or all together where they are a patch */
async function requireSizes(
  scratch: string,
  ids: ReadonlySet<string>,
  { isPatch, most, signal }: { readonly isPatch: boolean; readonly most: number; readonly signal: AbortSignal },
): Promise<void> {
  const input = [...ids].map((id) => `${id}\n`).join('');
  const told = await scratchText(scratch, ['cat-file', '--batch-check=%(objectsize)'], { signal, input });
  let sum = 0;
  for (const line of told.split('\n')) {
    // Commits of submodules are not there.
    const size = /^\d+$/.test(line) ? Number(line) : 0;
    sum += size;
    if (size > most || (isPatch && sum > most)) throw inflated();
  }
}

function inflated(): RuntimeError {
  return new RuntimeError({ problem: changesProblem('home_inflated', { size: mostInflated / 1e9 }) });
}

/** Who makes commits that nobody keeps. */
export const nobody = {
  GIT_AUTHOR_NAME: 'runloop',
  GIT_AUTHOR_EMAIL: 'runloop@localhost',
  GIT_COMMITTER_NAME: 'runloop',
  GIT_COMMITTER_EMAIL: 'runloop@localhost',
};

/** Makes it of an empty folder. */
export async function makeScratch(clone: Clone, scratch: string, signal: AbortSignal): Promise<void> {
  // As git tells it from there: a link to a folder in a clone is elsewhere.
  const folder = await realpath(clone.folder);
  const common = await gitText(folder, ['rev-parse', '--git-common-dir'], { signal });
  const shared = join(common.startsWith('/') || /^[a-z]:/i.test(common) ? '' : folder, common);
  const objects = await realpath(join(shared, 'objects'));
  await scratchText(scratch, ['init', '-q', '--bare', `--object-format=${clone.format}`, '--template=', '.'], {
    signal,
  });
  await mkdir(join(scratch, 'objects', 'info'), { recursive: true });
  const name = process.platform === 'win32' ? objects.replaceAll('\\', '/') : objects;
  await writeFile(join(scratch, 'objects', 'info', 'alternates'), `${quoted(name)}\n`);
  // Where the clone is shallow, its history ends here as well: git would miss the commits before.
  await copyFile(join(shared, 'shallow'), join(scratch, 'shallow')).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** A name as git reads it in quotation marks: any, one with a backslash or control codes as well. */
function quoted(name: string): string {
  const escaped = Array.from(name, (one) => {
    if (one === '"' || one === '\\') return `\\${one}`;
    return one < ' ' || one === '\u007f' ? `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}` : one;
  });
  return `"${escaped.join('')}"`;
}

/** Checks every object that came, and none of the clone's: those may be many. A fetch of a bundle checks nothing by itself. */
export async function requireSound(scratch: string, signal: AbortSignal): Promise<void> {
  const folder = join(scratch, 'objects', 'pack');
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.pack'))) {
    const args = ['index-pack', '--strict', '-o', join(scratch, 'checked.idx'), join(folder, name)];
    const checked = await scratchGit(scratch, args, { signal });
    if (checked.exitCode !== 0) throw refused(checked.stderr);
    await rm(join(scratch, 'checked.idx'), { force: true });
  }
}

/**
 * Looks at every name of a raw diff, and at what links among them point to.
 *
 * @param raw `--raw -z --no-renames --no-abbrev`
 * @throws RuntimeError for a name that no clone may have
 */
export async function checkedNames(
  scratch: string,
  raw: Buffer,
  {
    signal,
    isPatch = false,
    most = mostInflated,
  }: { readonly signal: AbortSignal; readonly isPatch?: boolean; readonly most?: number | undefined },
): Promise<{
  readonly paths: readonly string[];
  readonly oddNames: readonly { readonly path: string; readonly fault: NameFault }[];
}> {
  const fields = raw.toString('utf8').split('\0');
  const odd = new Map<string, NameFault>();
  const paths = new Set<string>();
  const links = new Map<string, Set<string>>();
  const ids = new Set<string>();
  for (let at = 0; at + 1 < fields.length; at += 1) {
    const [, mode, id] = /^\n*:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]$/.exec(fields[at] ?? '') ?? [];
    if (mode === undefined || id === undefined) continue;
    const path = fields[at + 1] ?? '';
    at += 1;
    paths.add(path);
    if (mode === '000000') continue;
    ids.add(id);
    const fault = nameFault(path);
    if (fault === 'unsafe') throw refused(`a file is called "${oneLine(path, 100)}"`);
    if (fault !== undefined) odd.set(path, fault);
    if (mode === '160000') odd.set(path, 'submodule');
    if (mode === '120000') links.set(id, (links.get(id) ?? new Set()).add(path));
  }
  await requireSizes(scratch, ids, { isPatch, most, signal });
  for (const [id, paths] of links) {
    const target = await scratchText(scratch, ['cat-file', 'blob', id], { signal });
    for (const path of paths) if (leadsOut(path, target)) odd.set(path, 'linkOut');
  }
  if (process.platform === 'win32' && [...odd.values()].includes('windows')) {
    throw refused('a file has a name that Windows cannot hold');
  }
  return { paths: [...paths], oddNames: [...odd].map(([path, fault]) => ({ path, fault })) };
}

/** The error for what git does not take, which is nobody's fault there where it is for want of something here. */
export function refused(why: string): RuntimeError {
  if (isFull(why) || isOfPartial(why) || ofThisComputer.test(why)) return gitFailed(why);
  return new RuntimeError({ problem: changesProblem('home_refused', { why: failureIn(why) }) });
}

/**
 * The error for what was refused, where that is for want of objects of a partial clone: they are fetched from nowhere, as whoever
 * brings something home asked for no other computer.
 */
export async function ofPartial(clone: Clone, error: unknown): Promise<unknown> {
  const lacks =
    /unresolved delta|missing (?:blob|tree|commit)|did not receive expected|not send all|unable to read|cannot read/;
  if (!RuntimeError.is(error) || !lacks.test(error.message)) return error;
  const { signal: never } = new AbortController();
  const asked = ['config', '--get-regexp', String.raw`^remote\..*\.(promisor|partialclonefilter)$`];
  const isPartial = (await localGit(clone.folder, asked, { signal: never })).exitCode === 0;
  return isPartial ? new RuntimeError({ problem: changesProblem('home_partial'), cause: error }) : error;
}

/** What git says of a branch in the way of another one, a clone that it may not write to, too little memory, and if it is too old. */
const ofThisComputer =
  /cannot lock ref|Permission denied|Read-only file system|[Oo]ut of memory|insufficient permission|unknown option/;

export async function removed(folder: string): Promise<void> {
  // A program that was killed may have written a last file meanwhile.
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Milliseconds after which nobody comes back to a question that a temporary folder is kept for. */
const keptMs = 3 * 24 * 60 * 60_000;

/** Makes a temporary folder, and takes away those of windows that were gone before they could do so. */
export async function temporaryFolder(kind: 'home' | 'send' | 'bundle'): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), `runloop-${kind}-`));
  const others = (await readdir(tmpdir())).filter((name) => /^runloop-(?:home|send|bundle)-\w{6}$/.test(name));
  // What cannot be taken away is another user's, or another window's just now.
  await Promise.allSettled(
    others.map(async (name) => {
      const folder = join(tmpdir(), name);
      const stats = await lstat(folder);
      if (stats.isDirectory() && Date.now() - stats.mtimeMs > keptMs) await removed(folder);
    }),
  );
  return made;
}

/** Whether it is told of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
