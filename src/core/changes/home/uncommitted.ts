import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RuntimeError } from '../../errors';
import { fieldsOf } from '../../files/fileFacts';
import { oneLine } from '../../safeText';
import { changesProblem } from '../../problems/changes';
import type { Arrival } from './clone';
import { sameButForCase } from './checkNames';
import { heldIndex } from './heldIndex';
import { keepFiles } from './keepFiles';
import { gitFailed, gitText, localGit, withSpace } from './localGit';
import {
  checkedNames,
  makeScratch,
  nobody,
  ofPartial,
  refused,
  removed,
  requireSound,
  scratchGit,
  temporaryFolder,
  type Clone,
} from './scratch';

/** What is about to become uncommitted changes of a clone, tried and checked. */
export interface ArrivedChanges {
  /** The commit that is checked out in the clone. */
  readonly head: string;
  readonly paths: readonly string[];
  readonly oddNames: Arrival['oddNames'];
  /**
   * Makes them, staged, all or nothing; once it is written to, that is not broken off.
   *
   * @throws RuntimeError where the clone has changed meanwhile, or cannot be written to
   */
  apply(signal: AbortSignal): Promise<void>;
  dispose(): Promise<void>;
}

/** How a patch is read: as it is, whatever the clone's owner likes better. */
const asItIs = ['-c', 'apply.whitespace=nowarn', '-c', 'apply.ignoreWhitespace=no'];
/** Whatever the system: a name that is bad on another one is refused. */
const careful = ['-c', 'core.protectNTFS=true', '-c', 'core.protectHFS=true'];

/**
 * Tries a patch on what is checked out in a clone, in an index and among objects of a scratch repository, and checks what comes of
 * it. The clone is only read: a patch may name git's own files, and the index is all that it finds here.
 *
 * @returns undefined where nothing would be different
 * @throws RuntimeError `home_dirty` unless nothing that the clone follows is changed; `home_no_fit` for a patch of something else;
 * `home_refused` for what no clone may take
 */
export async function receivePatch(
  clone: Clone,
  { patch, signal }: { readonly patch: Buffer; readonly signal: AbortSignal },
): Promise<ArrivedChanges | undefined> {
  const top = await gitText(clone.folder, ['rev-parse', '--show-toplevel'], { signal });
  const before = await cleanState(top, signal);
  const scratch = await temporaryFolder('home');
  try {
    await makeScratch(clone, scratch, signal);
    const file = join(scratch, 'changes.patch');
    await withSpace(writeFile(file, patch, { mode: 0o600 }));
    const tree = patch.length === 0 ? undefined : await triedTree(scratch, { file, head: before.head, signal });
    if (tree === undefined) {
      await removed(scratch);
      return undefined;
    }
    const range = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', before.head, tree];
    const { exitCode, stdout, stderr } = await scratchGit(scratch, range, { signal });
    if (exitCode !== 0) throw gitFailed(stderr);
    const { paths, oddNames } = await checkedNames(scratch, stdout, { signal, isPatch: true });
    await requireApart(top, { scratch, tree, paths, signal });
    return {
      head: before.head,
      paths,
      oddNames,
      apply: (limit) => apply(top, { scratch, file, names: namesIn(stdout), before, tree, signal: limit }),
      dispose: () => removed(scratch),
    };
  } catch (error) {
    await removed(scratch);
    throw await ofPartial(clone, error);
  }
}

/** The tree that the patch makes of a commit; undefined for the same one. All that is new of it is checked as git checks objects. */
async function triedTree(
  scratch: string,
  { file, head, signal }: { readonly file: string; readonly head: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const env = { ...nobody, GIT_INDEX_FILE: join(scratch, 'tried.index') };
  const must = async (args: readonly string[], input?: string): Promise<string> => {
    const options = input === undefined ? { signal, env } : { signal, env, input };
    const { exitCode, stdout, stderr } = await scratchGit(scratch, args, options);
    if (exitCode !== 0) throw gitFailed(stderr);
    return stdout.toString().trim();
  };
  await must(['read-tree', head]);
  const tried = await scratchGit(scratch, [...asItIs, ...careful, 'apply', '--cached', file], { signal, env });
  if (tried.exitCode !== 0) {
    const why = oneLine(tried.stderr.split('\n').find((line) => line.startsWith('error')) ?? '', 300);
    throw new RuntimeError({ problem: changesProblem('home_no_fit', { why }) });
  }
  const written = await scratchGit(scratch, ['write-tree'], { signal, env });
  if (written.exitCode !== 0) throw refused(written.stderr);
  const tree = written.stdout.toString().trim();
  if (tree === (await must(['rev-parse', `${head}^{tree}`]))) return undefined;
  const commit = await must(['commit-tree', '-m', 'tried', '-p', head, tree]);
  await must(['pack-objects', '-q', '--revs', join(scratch, 'objects', 'pack', 'pack')], `${commit}\n^${head}\n`);
  await requireSound(scratch, signal);
  return tree;
}

/** What the last step must find as it was. */
interface CloneState {
  readonly head: string;
  /** Of what is staged. */
  readonly index: string;
}

async function apply(
  top: string,
  {
    scratch,
    file,
    names,
    before,
    tree,
    signal,
  }: {
    readonly scratch: string;
    readonly file: string;
    readonly names: readonly Buffer[];
    readonly before: CloneState;
    readonly tree: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  // Held from the look on: what another git or window has written meanwhile would be taken back where this fails.
  const index = await heldIndex(top, signal);
  try {
    const now = await cleanState(top, signal);
    if (now.head !== before.head || now.index !== before.index) {
      throw new RuntimeError({ problem: changesProblem('home_moved') });
    }
    const { env } = index;
    // Files of other times than those in the index are changed ones for `git apply`, as in a clone that was copied.
    await localGit(top, ['update-index', '-q', '--refresh'], { signal, env });
    const kept = join(scratch, 'kept');
    const putBack = await withSpace(keepFiles(top, names, kept));
    const { signal: never } = new AbortController();
    try {
      const applied = await localGit(top, [...asItIs, ...careful, 'apply', '--index', file], { signal: never, env });
      if (applied.exitCode !== 0) throw gitFailed(applied.stderr);
      const made = await gitText(top, ['write-tree'], { signal: never, env });
      if (made !== tree) throw gitFailed('what was made is not what was checked');
      await index.keep();
    } catch (error) {
      await putBack().catch((cause: unknown) => {
        throw new RuntimeError({ problem: changesProblem('home_partly'), cause });
      });
      throw error;
    } finally {
      await removed(kept);
    }
  } finally {
    await index.release();
  }
}

/** @throws RuntimeError for names that are the same ones in a clone where case does not count */
async function requireApart(
  top: string,
  {
    scratch,
    tree,
    paths,
    signal,
  }: {
    readonly scratch: string;
    readonly tree: string;
    readonly paths: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const setting = await localGit(top, ['config', '--type=bool', '--get', 'core.ignoreCase'], { signal });
  if (setting.stdout.toString().trim() !== 'true') return;
  const listed = await scratchGit(scratch, ['ls-tree', '-r', '-z', '--name-only', tree], { signal });
  if (listed.exitCode !== 0) throw gitFailed(listed.stderr);
  const name = sameButForCase(paths, listed.stdout.toString().split('\0'));
  if (name !== undefined) throw refused(`"${oneLine(name, 100)}" differs from another name by case alone`);
}

/** The names in a raw diff. */
function namesIn(raw: Buffer): readonly Buffer[] {
  return fieldsOf(raw).filter((_, at) => at % 2 === 1);
}

/** @throws RuntimeError `home_dirty` where something that is followed is changed, or a merge or the like is under way */
async function cleanState(top: string, signal: AbortSignal): Promise<CloneState> {
  const env = { GIT_OPTIONAL_LOCKS: '0' };
  const status = ['status', '--porcelain', '-z', '--untracked-files=no', '--ignore-submodules=none'];
  const { exitCode, stdout, stderr } = await localGit(top, status, { signal, env });
  if (exitCode !== 0) throw gitFailed(stderr);
  if (stdout.length > 0) throw new RuntimeError({ problem: changesProblem('home_dirty') });
  const head = await gitText(top, ['rev-parse', '--verify', 'HEAD^{commit}'], { signal });
  const staged = await localGit(top, ['ls-files', '-s', '-z'], { signal, env });
  if (staged.exitCode !== 0) throw gitFailed(staged.stderr);
  const index = createHash('sha256').update(staged.stdout).digest('hex');
  return { head, index };
}
