import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { discardable } from '../../../../src/core/changes/discard';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { requireSidesAsThere } from './requireSides';
import { changesDevbox, requireAsGitSays, short, signal, type ChangesDevbox } from './useChanges';

/** Two branches that conflict in each of the seven ways, with a folder in the place of a file on either side. */
const bothSides = `rows() { seq 1 20; }
for n in uu ud du dd; do { rows; echo $n; } > $n; done; mkdir dir; echo in > dir/in; echo k > kind; git add -A; git commit -qm base
git checkout -qb other; echo t >> uu; git rm -q ud; echo theirs >> du; git mv dd theirs-dd; echo t > aa; rm kind; mkdir kind
echo t > kind/f; echo them >> dir/in; git add -A; git commit -qm theirs; git checkout -q main
echo o >> uu; echo ours >> ud; git rm -q du; git mv dd ours-dd; echo o > aa; echo ours > kind; git rm -rq dir; echo file > dir`;

describe('Files that a merge has left in conflict', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'conflicts' });
  });

  it('are there if they are there, whichever side deleted, moved or made them', async () => {
    const top = await box.repository(bothSides);
    await box.read(top);
    await box.bash(`cp -a ${top} ${top}.start; cd ${top}; git merge other >/dev/null || true`);
    const found = await requireAsGitSays(box, top);
    const letters = found.report.status
      .filter(({ kind }) => kind === 'unmerged')
      .map(({ staged, work }) => staged + work);
    assert.deepEqual([...new Set(letters)].sort(), ['AA', 'AU', 'DD', 'DU', 'UA', 'UD', 'UU']);
    assert.ok((await requireSidesAsThere(box, top, found, { start: `${top}.start` })) > 30);
    // What git moved out of the way is told, what only they deleted is as it was.
    assert.deepEqual(found.groups.sinceStart?.map(short), [
      'modified aa',
      'added dir/in',
      'renamed dir~HEAD < dir',
      'added du',
      'added kind/f',
      'renamed kind~HEAD < kind',
      'added theirs-dd',
      'modified uu',
    ]);
  });

  /** Every file and link of a folder with its content. */
  const manifest = (folder: string): Promise<string> =>
    box.bash(
      `cd ${folder}; find . -name .git -prune -o -type l -printf '%P -> %l\\n' | sort; find . -name .git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum`,
    );

  for (const [name, command] of [
    ['a merge', 'git merge other'],
    ['a rebase', 'git rebase other'],
    ['a cherry-pick', 'git cherry-pick other'],
    ['a revert', 'git revert --no-edit HEAD~1'],
    ['a patch of am', 'git format-patch --stdout -1 other -- uu ud du | git am -3'],
    [
      'a stash',
      'git checkout -q --detach other~1; git read-tree -m -u HEAD other; git stash -q; git checkout -q main; git stash pop',
    ],
    ['a merge in a worktree', `git worktree add -q --detach ../tree; cd ../tree; git merge other`],
  ] as const) {
    it(`are told as they are in the middle of ${name}, and come home by a patch as they are`, async () => {
      const made = await box.repository(bothSides);
      const tree = command.includes('../tree');
      const top = tree ? '/tmp/of-conflicts/tree' : made;
      if (!tree) await box.read(top);
      await box.bash(
        `rm -rf ${top}.start; ${tree ? 'true' : `cp -a ${top} ${top}.start`}; cd ${made}; { ${command}; } >/dev/null 2>&1 || true`,
      );
      const found = await requireAsGitSays(box, top);
      assert.ok(found.groups.uncommitted.some(({ kind }) => kind === 'conflict'));
      await requireSidesAsThere(box, top, found, tree ? {} : { start: `${top}.start` });
      const patch = await box.changes.patch(top, 'head', signal);
      await box.commands.run(
        `rm -rf ${top}.home; git clone -q ${top} ${top}.home && cd ${top}.home && git checkout -q --detach ${found.report.head} && git apply --index`,
        { stdin: patch, signal, deadlineMs: 30_000 },
      );
      assert.equal(await manifest(`${top}.home`), await manifest(top));
      await assert.rejects(
        discardable(box.changes, { top, paths: ['aa'], signal }),
        (error) => RuntimeError.is(error, 'file') && error.problem.id === 'discard_busy',
      );
    });
  }

  it('are repositories within as we had them, where none is checked out', async () => {
    const commit = (count: number): string => String(count).repeat(40);
    const top = await box.repository(
      `git update-index --add --cacheinfo 160000,${commit(1)},sub; mkdir sub; git commit -qm 1; git checkout -qb other; ` +
        `git update-index --cacheinfo 160000,${commit(2)},sub; git commit -qm 2; git checkout -q main; git update-index --cacheinfo 160000,${commit(3)},sub; git commit -qm 3`,
    );
    await box.read(top);
    await box.bash(`cd ${top}; git merge other >/dev/null 2>&1 || true`);
    const found = await requireAsGitSays(box, top);
    assert.deepEqual(
      found.groups.uncommitted.map((change) => [short(change), change.before?.id, change.after?.id]),
      [['conflict sub', commit(3), commit(3)]],
    );
    assert.deepEqual(found.groups.sinceStart, []);
    assert.equal((await box.changes.patch(top, 'head', signal)).toString(), '');
  });
});
