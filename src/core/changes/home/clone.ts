import { open, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { RuntimeError } from '../../errors';
import { oneLine } from '../../safeText';
import { changesProblem } from '../../problems/changes';
import { sameButForCase, type NameFault } from './checkNames';
import { gitFailed, gitText, localGit } from './localGit';
import {
  checkedNames,
  makeScratch,
  ofPartial,
  refused,
  removed,
  requireSound,
  scratchGit,
  scratchText,
  temporaryFolder,
  type Clone,
} from './scratch';

/** Commits of the clone that a devbox is told of. */
const mostKnown = 700;
/** Subjects of commits that are told. */
const toldSubjects = 8;
const scratchRef = 'refs/heads/e';

/** What is about to be brought home, checked. */
export interface Arrival {
  readonly head: string;
  readonly commits: number;
  /** Of the newest ones. */
  readonly subjects: readonly string[];
  /** Names of files that are brought, with what is odd about them; none is unsafe. */
  readonly oddNames: readonly { readonly path: string; readonly fault: NameFault }[];
  /** Whether a commit is checked out in the clone. */
  readonly hasCommit: boolean;
  /** Files that the clone's commit and the new one do not have in common; undefined where the histories are unrelated, or there is none. */
  readonly files: number | undefined;
  /** Makes the branch, whole or not at all. @returns its name, which is another one where it was taken */
  bring(branch: string, signal: AbortSignal): Promise<string>;
  dispose(): Promise<void>;
}

/** @throws RuntimeError unless the folder is in a repository */
export async function openClone(folder: string, signal: AbortSignal): Promise<Clone> {
  const found = await localGit(folder, ['rev-parse', '--show-object-format', '--git-common-dir'], { signal });
  if (found.exitCode !== 0) {
    // It is one of somebody else's, or damaged.
    if (!/not a git repository/.test(found.stderr)) throw gitFailed(found.stderr);
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
  return { folder, format, hasCommit: head.exitCode === 0, known: [...known] };
}

/**
 * Takes a bundle into a scratch repository beside the clone and checks what is in it. The clone is only read.
 *
 * @throws RuntimeError `home_refused` for what no clone may take; `home_shallow` where the clone's history ends too early
 */
export async function receiveBundle(
  clone: Clone,
  {
    file,
    head,
    signal,
    most,
  }: {
    readonly file: string;
    readonly head: string;
    readonly signal: AbortSignal;
    /** Bytes that a file may have. */
    readonly most?: number;
  },
): Promise<Arrival> {
  const scratch = await temporaryFolder('home');
  try {
    if (head.length !== (clone.format === 'sha256' ? 64 : 40)) {
      throw gitFailed('fatal: the clone has other hashes (SHA-1, SHA-256) than the repository in the devbox');
    }
    await requireBundle(file);
    await makeScratch(clone, scratch, signal);
    const fetched = await scratchGit(scratch, fetchOf(file, `${scratchRef}:${scratchRef}`), { signal });
    if (fetched.exitCode !== 0) throw await notFetched(scratch, fetched.stderr);
    const arrived = await scratchText(scratch, ['rev-parse', scratchRef], { signal });
    if (arrived !== head) throw refused('another commit came than was asked for');
    await requireSound(scratch, signal);
    const range = [scratchRef, '--not', ...clone.known];
    const oddNames = [
      ...(await requireNames(scratch, range, { signal, most })),
      ...(await doubledNames(scratch, signal)),
    ];
    const subjects = await scratchText(
      scratch,
      ['log', '--format=%s', '-n', String(toldSubjects), '--no-show-signature', ...range],
      { signal },
    );
    const count = await scratchText(scratch, ['rev-list', '--count', ...range], { signal });
    return {
      head,
      commits: Number(count),
      subjects: subjects.split('\n').map((subject) => oneLine(subject, 100)),
      oddNames,
      hasCommit: clone.hasCommit,
      files: await filesAgainst(clone, scratch, signal),
      bring: (branch, limit) => bring(clone, scratch, { branch, head, signal: limit }),
      dispose: () => removed(scratch),
    };
  } catch (error) {
    await removed(scratch);
    throw await ofPartial(clone, error);
  }
}

/**
 * A file that is no bundle may be one that leads git to another repository of this computer, or of one in its network.
 *
 * @throws RuntimeError `home_refused` for it
 */
async function requireBundle(file: string): Promise<void> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    const first = buffer.toString('latin1', 0, bytesRead);
    if (!/^# v[23] git bundle\n$/.test(first)) throw refused('it is no bundle of git');
  } finally {
    await handle.close();
  }
}

/** The error for a bundle that could not be taken in: what a shallow clone does not have is nobody's fault. */
async function notFetched(scratch: string, said: string): Promise<RuntimeError> {
  const isShallow = /prerequisite commit/.test(said) && (await readdir(scratch)).includes('shallow');
  return isShallow ? new RuntimeError({ problem: changesProblem('home_shallow') }) : refused(said);
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

/** Looks at every name that the new commits bring. @throws RuntimeError for one that no clone may have */
async function requireNames(
  scratch: string,
  range: readonly string[],
  { signal, most }: { readonly signal: AbortSignal; readonly most: number | undefined },
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
  const { exitCode, stdout, stderr } = await scratchGit(scratch, [...args, ...range], { signal });
  if (exitCode !== 0) throw gitFailed(stderr);
  return (await checkedNames(scratch, stdout, { signal, most })).oddNames;
}

/** A name in the newest commit that is the same as another one where case does not count. */
async function doubledNames(scratch: string, signal: AbortSignal): Promise<Arrival['oddNames']> {
  const listed = await scratchGit(scratch, ['ls-tree', '-r', '-z', '--name-only', scratchRef], { signal });
  if (listed.exitCode !== 0) throw gitFailed(listed.stderr);
  const names = listed.stdout.toString().split('\0');
  const path = sameButForCase(names, names);
  return path === undefined ? [] : [{ path, fault: 'case' }];
}

async function filesAgainst(clone: Clone, scratch: string, signal: AbortSignal): Promise<number | undefined> {
  const [head] = clone.known;
  if (!clone.hasCommit || head === undefined) return undefined;
  const base = await scratchGit(scratch, ['merge-base', head, scratchRef], { signal });
  if (base.exitCode !== 0) return undefined;
  const from = base.stdout.toString().trim();
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, scratchRef];
  return (await scratchText(scratch, args, { signal })).split('\0').filter((name) => name !== '').length;
}

async function bring(
  clone: Clone,
  scratch: string,
  { branch, head, signal }: { readonly branch: string; readonly head: string; readonly signal: AbortSignal },
): Promise<string> {
  const args = ['-c', 'fetch.fsckObjects=true', '-c', 'fetch.prune=false', ...fetchOf(scratch, scratchRef)];
  const fetched = await localGit(clone.folder, args, { signal });
  if (fetched.exitCode !== 0) throw refused(fetched.stderr);
  // A moment, and then it is done: no place to stop. A branch that somebody else makes meanwhile is another one.
  const { signal: never } = new AbortController();
  const nothing = '0'.repeat(head.length);
  for (let count = 1; count < 100; count += 1) {
    const name = count === 1 ? branch : `${branch}-${count}`;
    const ref = `refs/heads/${name}`;
    // The branch itself, or one below its name, beside which git makes none.
    const isThere = async (): Promise<boolean> =>
      (await localGit(clone.folder, ['for-each-ref', '--count=1', ref], { signal: never })).stdout.length > 0;
    if (await isThere()) continue;
    const making = ['update-ref', '--no-deref', '-m', 'runloop: brought home', ref, head, nothing];
    const made = await localGit(clone.folder, making, { signal: never });
    if (made.exitCode === 0) return name;
    if (!(await isThere())) throw refused(made.stderr);
  }
  throw refused('there are too many branches of this name');
}
