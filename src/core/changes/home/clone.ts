import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RuntimeError } from '../../errors';
import { oneLine } from '../../plainText';
import { changesProblem } from '../../problems/changes';
import { leadsOut, nameFault, type NameFault } from './checkNames';
import { gitFailed, gitText, localGit } from './localGit';

/** Commits of the clone that a devbox is told of. */
const mostKnown = 700;
/** Subjects of commits that are told. */
const toldSubjects = 8;
const scratchRef = 'refs/heads/e';

/** A clone on this computer, as far as something is brought into it. */
export interface Clone {
  readonly folder: string;
  readonly format: 'sha1' | 'sha256';
  /** Its newest commits. */
  readonly known: readonly string[];
}

/** What is about to be brought home, checked. */
export interface Arrival {
  readonly head: string;
  readonly commits: number;
  /** Of the newest ones. */
  readonly subjects: readonly string[];
  /** Names of files that are brought, with what is odd about them; none is unsafe. */
  readonly oddNames: readonly { readonly path: string; readonly fault: NameFault }[];
  /** Files that the clone's commit and the new one do not have in common; undefined where the histories are unrelated. */
  readonly files: number | undefined;
  /** Makes the branch, whole or not at all. @returns its name, which is another one where it was taken */
  bring(branch: string, signal: AbortSignal): Promise<string>;
  dispose(): Promise<void>;
}

/** @throws RuntimeError unless the folder is in a repository */
export async function openClone(folder: string, signal: AbortSignal): Promise<Clone> {
  const found = await localGit(folder, ['rev-parse', '--show-object-format', '--git-common-dir'], { signal });
  if (found.exitCode !== 0) {
    throw new RuntimeError({
      problem: changesProblem('home_not_repository', { name: oneLine(basename(folder), 100) }),
    });
  }
  const format = found.stdout.toString().startsWith('sha256') ? 'sha256' : 'sha1';
  const refs = [
    'for-each-ref',
    `--count=${mostKnown}`,
    '--sort=-committerdate',
    '--format=%(objectname)',
    'refs/heads',
    'refs/remotes',
  ];
  const listed = await gitText(folder, refs, { signal });
  const head = await localGit(folder, ['rev-parse', '-q', '--verify', 'HEAD^{commit}'], { signal });
  const known = new Set(
    [head.stdout.toString().trim(), ...listed.split('\n')].filter((id) => /^[0-9a-f]{40,64}$/.test(id)),
  );
  return { folder, format, known: [...known] };
}

/**
 * Takes a bundle into a scratch repository beside the clone and checks what is in it. The clone is only read.
 *
 * @throws RuntimeError `home_refused` for what no clone may take
 */
export async function receiveBundle(
  clone: Clone,
  { file, head, signal }: { readonly file: string; readonly head: string; readonly signal: AbortSignal },
): Promise<Arrival> {
  const scratch = await mkdtemp(join(tmpdir(), 'runloop-home-'));
  try {
    await makeScratch(clone, scratch, signal);
    const fetched = await localGit(scratch, fetchOf(file, `${scratchRef}:${scratchRef}`), { signal, env: alone });
    if (fetched.exitCode !== 0) throw refused(fetched.stderr);
    const arrived = await gitText(scratch, ['rev-parse', scratchRef], { signal });
    if (arrived !== head) throw refused('another commit came than was asked for');
    await requireSound(scratch, signal);
    const range = [scratchRef, '--not', ...clone.known];
    const oddNames = await requireNames(scratch, range, signal);
    const subjects = await gitText(
      scratch,
      ['log', '--format=%s', '-n', String(toldSubjects), '--no-show-signature', ...range],
      { signal },
    );
    const count = await gitText(scratch, ['rev-list', '--count', ...range], { signal });
    return {
      head,
      commits: Number(count),
      subjects: subjects.split('\n').map((subject) => oneLine(subject, 100)),
      oddNames,
      files: await filesAgainst(clone, scratch, signal),
      bring: (branch, limit) => bring(clone, scratch, { branch, head, signal: limit }),
      dispose: () => removed(scratch),
    };
  } catch (error) {
    await removed(scratch);
    throw error;
  }
}

/** Nothing of this computer's configuration counts in the scratch repository. */
const alone = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null' };

async function makeScratch(clone: Clone, scratch: string, signal: AbortSignal): Promise<void> {
  const common = await gitText(clone.folder, ['rev-parse', '--git-common-dir'], { signal });
  const objects = await realpath(
    join(common.startsWith('/') || /^[a-z]:/i.test(common) ? '' : clone.folder, common, 'objects'),
  );
  await gitText(scratch, ['init', '-q', '--bare', `--object-format=${clone.format}`, '--template=', '.'], { signal });
  await mkdir(join(scratch, 'objects', 'info'), { recursive: true });
  // Quoted as git reads it: any name.
  await writeFile(join(scratch, 'objects', 'info', 'alternates'), `${JSON.stringify(objects.replaceAll('\\', '/'))}\n`);
}

function fetchOf(from: string, refspec: string): readonly string[] {
  return [
    'fetch',
    '-q',
    '--no-tags',
    '--no-recurse-submodules',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    from,
    refspec,
  ];
}

/** Checks every object that came, and none of the clone's: those may be many. A fetch of a bundle checks nothing by itself. */
async function requireSound(scratch: string, signal: AbortSignal): Promise<void> {
  const folder = join(scratch, 'objects', 'pack');
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.pack'))) {
    const args = ['index-pack', '--strict', '-o', join(scratch, 'checked.idx'), join(folder, name)];
    const checked = await localGit(scratch, args, { signal, env: alone });
    if (checked.exitCode !== 0) throw refused(checked.stderr);
    await rm(join(scratch, 'checked.idx'), { force: true });
  }
}

/** Looks at every name that the new commits bring. @throws RuntimeError for one that no clone may have */
async function requireNames(
  scratch: string,
  range: readonly string[],
  signal: AbortSignal,
): Promise<Arrival['oddNames']> {
  const args = [
    'log',
    '--raw',
    '-z',
    '-m',
    '--root',
    '--no-renames',
    '--no-abbrev',
    '--format=',
    '--no-show-signature',
    '--no-ext-diff',
    '--no-textconv',
  ];
  const { exitCode, stdout, stderr } = await localGit(scratch, [...args, ...range], { signal, env: alone });
  if (exitCode !== 0) throw gitFailed(stderr);
  const fields = stdout.toString('utf8').split('\0');
  const odd = new Map<string, NameFault>();
  const links = new Map<string, Set<string>>();
  for (let at = 0; at + 1 < fields.length; at += 1) {
    const [, mode, id] = /^\n*:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]$/.exec(fields[at] ?? '') ?? [];
    if (mode === undefined || id === undefined) continue;
    const path = fields[at + 1] ?? '';
    at += 1;
    if (mode === '000000') continue;
    const fault = nameFault(path);
    if (fault === 'unsafe') throw refused(`a file is called "${oneLine(path, 100)}"`);
    if (fault !== undefined) odd.set(path, fault);
    if (mode === '160000') odd.set(path, 'submodule');
    if (mode === '120000') links.set(id, (links.get(id) ?? new Set()).add(path));
  }
  for (const [id, paths] of links) {
    const target = await gitText(scratch, ['cat-file', 'blob', id], { signal });
    for (const path of paths) if (leadsOut(path, target)) odd.set(path, 'linkOut');
  }
  if (process.platform === 'win32' && [...odd.values()].includes('windows')) {
    throw refused('a file has a name that Windows cannot hold');
  }
  return [...odd].map(([path, fault]) => ({ path, fault }));
}

async function filesAgainst(clone: Clone, scratch: string, signal: AbortSignal): Promise<number | undefined> {
  const [head] = clone.known;
  if (head === undefined) return undefined;
  const base = await localGit(scratch, ['merge-base', head, scratchRef], { signal, env: alone });
  if (base.exitCode !== 0) return undefined;
  const from = base.stdout.toString().trim();
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, scratchRef];
  return (await gitText(scratch, args, { signal })).split('\0').filter((name) => name !== '').length;
}

async function bring(
  clone: Clone,
  scratch: string,
  { branch, head, signal }: { readonly branch: string; readonly head: string; readonly signal: AbortSignal },
): Promise<string> {
  for (let count = 1; count < 100; count += 1) {
    const name = count === 1 ? branch : `${branch}-${count}`;
    const ref = `refs/heads/${name}`;
    const there = await localGit(clone.folder, ['show-ref', '--verify', '-q', ref], { signal });
    if (there.exitCode === 0) continue;
    const args = [
      '-c',
      'fetch.fsckObjects=true',
      '-c',
      'fetch.prune=false',
      ...fetchOf(scratch, `${scratchRef}:${ref}`),
    ];
    const fetched = await localGit(clone.folder, args, { signal });
    if (fetched.exitCode !== 0) throw refused(fetched.stderr);
    const arrived = await gitText(clone.folder, ['rev-parse', '--verify', ref], { signal });
    if (arrived !== head) throw refused('another commit came than was asked for');
    return name;
  }
  throw refused('there are too many branches of this name');
}

function refused(why: string): RuntimeError {
  const last =
    why
      .trim()
      .split('\n')
      .find((line) => /^(fatal|error)/.test(line)) ??
    why.trim().split('\n').at(-1) ??
    '';
  return new RuntimeError({ problem: changesProblem('home_refused', { why: oneLine(last, 300) }) });
}

async function removed(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
