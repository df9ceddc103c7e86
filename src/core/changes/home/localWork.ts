import { copyFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RuntimeError } from '../../errors';
import { fieldsOf } from '../../files/fileFacts';
import { shownName } from '../../files/pathText';
import { changesProblem } from '../../problems/changes';
import { gitFailed, gitText, localGit, withSpace } from './localGit';
import { isMissing, makeScratch, nobody, removed, temporaryFolder, type Clone } from './scratch';

/** Commits of the clone among which one is looked for that the devbox has, too. */
const mostCommits = 20_000;
/** Versions of files that are told of, the newest first. */
const mostVersions = 20_000;
/** Bytes that are sent at once. */
const mostSentBytes = 500_000_000;

/** What a clone has beyond the newest commit that a devbox has as well: its commits, and its working tree with all that is not ignored. */
export interface LocalWork {
  readonly base: string;
  readonly tree: string;
  /** A blob of all versions of files that the clone has had since the base, and has gone on from: `mode hash name`, with a zero byte each. */
  readonly had: string;
  /** A pack of all objects that the base does not have. */
  readonly file: string;
  readonly size: number;
  dispose(): Promise<void>;
}

/**
 * Packs what a clone has. It is only read: its index is copied, and objects go to a scratch repository.
 *
 * @param commits those of the devbox
 * @throws RuntimeError `send_unrelated` without a commit in common, `send_conflicts` while the clone has conflicts
 */
export async function localWork(
  clone: Clone,
  { commits, signal }: { readonly commits: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<LocalWork> {
  const top = await gitText(clone.folder, ['rev-parse', '--show-toplevel'], { signal });
  const own = await localGit(top, ['rev-list', '--topo-order', '-n', String(mostCommits), 'HEAD'], { signal });
  const base = own.stdout
    .toString()
    .split('\n')
    .find((id) => commits.has(id));
  if (base === undefined) throw new RuntimeError({ problem: changesProblem('send_unrelated') });
  const unmerged = await localGit(top, ['ls-files', '-u', '-z'], { signal });
  if (unmerged.exitCode !== 0) throw gitFailed(unmerged.stderr);
  if (unmerged.stdout.length > 0) throw new RuntimeError({ problem: changesProblem('send_conflicts') });
  const scratch = await temporaryFolder('send');
  try {
    await makeScratch(clone, scratch, signal);
    const index = resolve(top, await gitText(top, ['rev-parse', '--git-path', 'index'], { signal }));
    const copy = join(scratch, 'work.index');
    try {
      await withSpace(copyFile(index, copy));
      // With its time, in whole seconds: what was changed in the second of its writing is found by that.
      const written = Math.floor((await stat(index)).mtimeMs / 1000);
      await utimes(copy, written, written);
    } catch (error) {
      // A clone without an index has nothing staged.
      if (!isMissing(error)) throw error;
    }
    // As the clone itself would add it, with its own filters, to objects beside it.
    const env = { GIT_INDEX_FILE: copy, GIT_OBJECT_DIRECTORY: join(scratch, 'objects'), ...nobody };
    // A split index would be written beside the clone's own.
    const settings = ['core.splitIndex=false', 'core.safecrlf=false', 'advice.addEmbeddedRepo=false'];
    const set = settings.flatMap((setting) => ['-c', setting]);
    const must = async (args: readonly string[], input?: string): Promise<string> => {
      const options = input === undefined ? { signal, env } : { signal, env, input };
      const { exitCode, stdout, stderr } = await localGit(top, [...set, ...args], options);
      if (exitCode !== 0) throw unbornIn(stderr) ?? gitFailed(stderr);
      return stdout.toString().trim();
    };
    // What is here outside of a sparse checkout is work, too; only newer versions of git know the word.
    const sparse = await localGit(top, ['config', '--type=bool', '--get', 'core.sparseCheckout'], { signal });
    const all = sparse.stdout.toString().trim() === 'true' ? ['-A', '--sparse'] : ['-A'];
    // Before all is added: what is staged may be what was brought here.
    const had = await must([
      'hash-object',
      '-w',
      '--no-filters',
      '--',
      await writeVersions(top, { base, scratch, signal, env }),
    ]);
    await must(['add', ...all, '--', '.']);
    const tree = await must(['write-tree']);
    const commit = await must(['commit-tree', '-m', 'sent', '-p', base, tree]);
    const name = await must(['pack-objects', '-q', '--revs', join(scratch, 'sent')], `${commit}\n${had}\n^${base}\n`);
    const file = join(scratch, `sent-${name}.pack`);
    const { size } = await stat(file);
    if (size > mostSentBytes) {
      throw new RuntimeError({ problem: changesProblem('send_large', { size: mostSentBytes / 1e6 }) });
    }
    return { base, tree, had, file, size, dispose: () => removed(scratch) };
  } catch (error) {
    await removed(scratch);
    throw error;
  }
}

/** @returns a file in which the versions are */
async function writeVersions(
  top: string,
  {
    base,
    scratch,
    signal,
    env,
  }: {
    readonly base: string;
    readonly scratch: string;
    readonly signal: AbortSignal;
    readonly env: NodeJS.ProcessEnv;
  },
): Promise<string> {
  const raw = ['--raw', '-z', '--no-renames', '--abbrev=64'];
  const since = await localGit(top, ['rev-list', '--topo-order', '-n', String(mostCommits), `${base}..HEAD`], {
    signal,
  });
  const input = since.stdout.toString();
  const all = [
    await localGit(top, ['diff-index', '--cached', ...raw, base, '--'], { signal, env }),
    await localGit(top, ['diff-tree', '--stdin', '-m', '-r', '--root', '--no-commit-id', ...raw], {
      signal,
      env,
      input,
    }),
  ];
  const versions: Buffer[] = [];
  for (const { exitCode, stdout, stderr } of all) {
    if (exitCode !== 0) throw gitFailed(stderr);
    const fields = fieldsOf(stdout);
    for (let at = 0; at + 1 < fields.length && versions.length < mostVersions; at += 2) {
      const [, mode = '', , hash = ''] = fields[at]?.toString('latin1').split(' ') ?? [];
      versions.push(Buffer.concat([Buffer.from(`${mode} ${hash} `), fields[at + 1] ?? Buffer.of(), Buffer.of(0)]));
    }
  }
  const file = join(scratch, 'versions');
  await withSpace(writeFile(file, Buffer.concat(versions)));
  return file;
}

/** The error for a repository inside the clone that git cannot add, as it has no commit; the end of its output names none. */
function unbornIn(stderr: string): RuntimeError | undefined {
  const [, name] = /^error: '([^]+?)\/?' does not have a commit checked out$/m.exec(stderr) ?? [];
  if (name === undefined) return undefined;
  return new RuntimeError({ problem: changesProblem('send_unborn', { name: shownName(name) }) });
}

/** The commits of a devbox's repository, as `rev-list` has printed them. */
export function commitsIn(output: Buffer): ReadonlySet<string> {
  const [text = Buffer.of()] = fieldsOf(output);
  return new Set(
    text
      .toString('latin1')
      .split('\n')
      .filter((id) => /^[0-9a-f]{40,64}$/.test(id)),
  );
}
