import assert from 'node:assert/strict';
import { join, posix } from 'node:path';
import { openClone, receiveBundle, type Arrival } from '../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../src/core/changes/home/devboxBundle';
import { apiTransfer } from '../../../src/core/files/fileTransfer';
import { signal } from '../../unit/core/changes/useChanges';
import type { History, HomeBox, LocalClone, Tally } from './history';
import { differences, sh, stateOf } from './places';

interface CommitsWay {
  readonly history: History;
  readonly clone: LocalClone;
  readonly place: string;
  readonly tally: Tally;
}

/** Brings the commits home: the branch is the devbox's commit and whole, or nothing is changed. */
export async function bringCommits(box: HomeBox, { history, clone, place, tally }: CommitsWay): Promise<void> {
  const { top, head, trick } = history;
  tally.doing(`commits (${clone.shape}, ${history.shape}${trick === undefined ? '' : `, ${trick.name}`})`);
  if (head === '') {
    tally.count('no commit');
    return;
  }
  const before = stateOf(clone.git);
  const tree = clone.git === clone.folder ? undefined : stateOf(clone.folder);
  const isKnown = has(clone, head);
  const refs =
    'git for-each-ref --format="%(objectname)" refs/heads refs/remotes; git rev-parse -q --verify HEAD || true';
  const known = sh(clone.folder, refs)
    .split('\n')
    .filter((id) => id !== '');
  let made: { readonly branch: string; readonly arrival: Arrival } | undefined;
  const problem = await tally.refusal(async () => {
    const now = await box.read(top);
    assert.equal(now.report.head, head);
    const local = await openClone(clone.given, signal);
    const file = join(place, 'brought');
    const context = { changes: box.changes, transfer: apiTransfer(box.api), devboxId: box.id };
    const count = await fetchBundle(context, now, { known: local.known, file, signal });
    if (count === 0) return;
    const arrival = await receiveBundle(local, { file, head, signal });
    assert.equal(arrival.head, head);
    assert.deepEqual(differences(before, stateOf(clone.git)), [], 'the clone was written to before a yes');
    try {
      made = { arrival, branch: await arrival.bring('runloop/main', signal) };
    } finally {
      await arrival.dispose();
    }
  });
  sh(place, 'rm -f brought');
  const changed = differences(before, stateOf(clone.git)).filter(
    (path) => stateOf(clone.git).get(path) !== undefined || before.has(path),
  );
  if (tree !== undefined) {
    const now = differences(tree, stateOf(clone.folder)).filter((path) => !/^\.git(\/|$)/.test(path));
    assert.deepEqual(now, [], 'the working tree was written to');
  }
  if (made === undefined) {
    const lasting = changed.filter((path) => !isObject(path));
    assert.deepEqual(lasting, [], `nothing was brought (${problem ?? 'nothing to bring'}), but this is other`);
    if (trick?.is !== 'taken' && trick !== undefined) {
      assert.ok(problem !== undefined, 'a hostile history was taken for a known one');
      tally.count('hostile refused');
      return;
    }
    if (problem === undefined) {
      assert.ok(isKnown, 'commits were taken for known ones that the clone does not have');
      tally.count('all known');
      return;
    }
    assert.ok(mayRefuse(problem, { clone, history }), `refused without a reason: ${problem}`);
    tally.count('refused');
    return;
  }
  assert.notEqual(trick?.is, 'refused', 'a hostile history was brought');
  const { branch, arrival } = made;
  const lasting = changed.filter((path) => !isObject(path) && !/^logs(\/|$)/.test(path));
  const allowed = [`refs/heads/${branch}`, ...(branch.includes('/') ? ['refs/heads/runloop'] : [])];
  assert.deepEqual(
    lasting.filter((path) => !allowed.includes(path)),
    [],
    'more than one branch is other',
  );
  assert.equal(sh(clone.folder, `git rev-parse 'refs/heads/${branch}'`).trim(), head);
  const theirs = await box.bash(`cd ${top}.copy; git rev-list HEAD | sort`);
  const ours = sh(clone.folder, `git rev-list '${branch}' | sort`);
  if (clone.shape !== 'shallow' && history.shape !== 'shallow') assert.equal(ours, theirs, 'other commits');
  sh(clone.folder, 'git fsck --strict --no-dangling --no-reflogs 2>&1');
  requireTold(clone, { branch, arrival, known });
  tally.count('brought');
  if (trick !== undefined) tally.count('odd ones brought');
}

/** Objects alone, which no branch leads to, are no change of a clone. */
function isObject(path: string): boolean {
  return /^objects(\/|$)/.test(path);
}

export function has(clone: LocalClone, commit: string): boolean {
  return sh(clone.folder, `git cat-file -e ${commit}^{commit} 2>/dev/null && echo yes || true`) === 'yes\n';
}

/** Reasons that there are in how the clone and the repository were made. */
function mayRefuse(
  problem: string,
  { clone, history }: { readonly clone: LocalClone; readonly history: History },
): boolean {
  // What was built on a commit that is before the end of its history.
  if (problem === 'home_shallow') return clone.shape === 'shallow';
  // A branch is in the way of another one: git here says so, and nobody in the devbox has done anything.
  if (problem === 'home_git_failed') return clone.shape === 'blocked';
  if (problem === 'home_incomplete') return history.shape === 'shallow';
  return false;
}

/** What was told of odd names must be all that is odd about what was brought. */
function requireTold(
  clone: LocalClone,
  { branch, arrival, known }: { readonly branch: string; readonly arrival: Arrival; readonly known: readonly string[] },
): void {
  const log = `git log --raw -z -m --root --no-renames --no-abbrev --format= 'refs/heads/${branch}' --not ${known.join(' ')}`;
  const fields = sh(clone.folder, log).split('\0');
  const told = new Map(arrival.oddNames.map(({ path, fault }) => [path, fault]));
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', id = ''] =
      /:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) /.exec(fields[at] ?? '') ?? assert.fail(fields[at]);
    const path = Buffer.from(fields[at + 1] ?? '', 'latin1').toString();
    if (mode === '000000') continue;
    const target = mode === '120000' ? sh(clone.folder, `git cat-file blob ${id}`) : '';
    const odd =
      /["*:<>?\\|]/.test(path) ||
      Array.from(path).some((character) => character < ' ') ||
      path.split('/').some((part) => /[ .]$/.test(part) || /^(con|nul)(\..*)?$/i.test(part)) ||
      mode === '160000' ||
      target.startsWith('/') ||
      target.split('/').includes('.git') ||
      (target !== '' && posix.join(posix.dirname(path), target).startsWith('..'));
    if (odd) assert.ok(told.has(path), `it was not told that ${JSON.stringify(path)} is odd`);
  }
}
