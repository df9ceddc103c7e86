import assert from 'node:assert/strict';
import { openClone } from '../../../src/core/changes/home/clone';
import { receivePatch } from '../../../src/core/changes/home/uncommitted';
import { apiTransfer } from '../../../src/core/files/fileTransfer';
import { signal } from '../../unit/core/changes/useChanges';
import type { Dice } from '../dice';
import { has } from './commits';
import type { History, HomeBox, LocalClone, Tally } from './history';
import { addedTree, differences, sh, stateOf } from './places';

interface PatchWay {
  readonly history: History;
  readonly clone: LocalClone;
  readonly dice: Dice;
  readonly tally: Tally;
}

/** What a clone has of its own that must be in the way. */
const dirt = [
  'echo dirty >> "$f"',
  'rm -- "$f"',
  'echo staged > staged.mine; git add staged.mine',
  'git rm -q --cached -- "$f"',
];

/** Makes what is not committed uncommitted changes of the clone: its working tree is the devbox's by hash, or nothing is changed. */
export async function bringUncommitted(box: HomeBox, way: PatchWay): Promise<void> {
  await bringInto(box, way, true);
  await bringInto(box, way, false);
}

async function bringInto(box: HomeBox, { history, clone, dice, tally }: PatchWay, isDirty: boolean): Promise<void> {
  const { top, head, work } = history;
  tally.doing(`uncommitted (${clone.shape}, ${history.shape})`);
  if (head === '' || clone.shape === 'bare' || clone.shape === 'unborn') return;
  const isThere = has(clone, head);
  const clean = `git clean -fdxq; mkdir -p '${clone.shape === 'below' ? 'below' : '.'}'`;
  sh(clone.folder, `${isThere ? `git checkout -q -f --detach ${head}` : 'git reset -q --hard'}; ${clean}`);
  if (isDirty) {
    // A file that the changes need not touch: only a look at all of them finds it.
    const followed = `f=$(git ls-files -s -z | grep -az '^10' | head -z -n 1 | tr -d '\\0' | cut -f 2-)`;
    sh(
      clone.folder,
      `${followed}; [ -f "$f" ] || { echo x > own.mine; git add own.mine; exit 0; }; ${dice.pick(dirt)}`,
    );
  }
  const [before, tree] = [stateOf(clone.git), stateOf(clone.folder)];
  const was = isThere ? sh(clone.folder, `git rev-parse ${head}^{tree}`).trim() : '';
  let applied: 'yes' | 'nothing' | undefined;
  const problem = await tally.refusal(async () => {
    const patch = await box.changes.patch(top, 'head', signal);
    const arrived = await receivePatch(await openClone(clone.given, signal), { patch, signal });
    applied = 'nothing';
    try {
      assert.deepEqual(differences(tree, stateOf(clone.folder)), [], 'the clone was written to before a yes');
      assert.deepEqual(differences(before, stateOf(clone.git)), [], 'the clone was written to before a yes');
      await arrived?.apply(signal);
      if (arrived !== undefined) applied = 'yes';
    } finally {
      await arrived?.dispose();
    }
  });
  if (problem !== undefined) applied = undefined;
  if (applied !== 'yes') {
    assert.deepEqual(
      differences(tree, stateOf(clone.folder)),
      [],
      `nothing was brought (${String(problem)}), but this is other`,
    );
    assert.deepEqual(
      differences(before, stateOf(clone.git)),
      [],
      `nothing was brought (${String(problem)}), but this is other`,
    );
  }
  if (applied === 'nothing') {
    if (isThere) assert.equal(work.tree, was, 'something was not brought, and nothing was said');
    tally.count('nothing uncommitted');
  } else if (applied === undefined) {
    const may =
      (problem === 'home_dirty' && isDirty) ||
      (problem === 'home_no_fit' && (!isThere || history.isHostileTree)) ||
      ((problem === 'home_refused' || problem === 'patch_names') && history.isHostileTree);
    assert.ok(may, `refused without a reason: ${String(problem)}`);
    tally.count('uncommitted refused');
  } else {
    assert.ok(!isDirty, 'changes were brought over those of the clone');
    const more = differences(before, stateOf(clone.git)).filter(
      (path) => path !== 'index' && !/^objects(\/|$)/.test(path),
    );
    // A linked worktree has its index elsewhere.
    assert.deepEqual(
      more.filter((path) => !/^worktrees\/[^/]+\/index$/.test(path)),
      [],
      'more than the index is other',
    );
    assert.equal(
      sh(clone.folder, 'git diff --name-only --ignore-submodules=all'),
      '',
      'the files are not what is staged',
    );
    if (isThere) {
      const staged = addedTree(sh(clone.folder, 'git write-tree; git ls-files -s -z')).files;
      const others = differences(work.files, staged).map(
        (path) => `${path}: ${work.files.get(path) ?? '-'} → ${staged.get(path) ?? '-'}`,
      );
      assert.deepEqual(others, [], 'other files than in the devbox');
    }
    tally.count('uncommitted brought');
  }
}

/** Saves what differs as a patch, which makes the devbox's working tree of what it is against. */
export async function savePatch(box: HomeBox, { history, dice, tally }: PatchWay): Promise<void> {
  const { top, head, work } = history;
  const against = head === '' ? 'start' : dice.pick(['head', 'start'] as const);
  tally.doing(`patch (${against}, ${history.shape})`);
  // git itself adds nothing of a folder with such a file.
  if (history.isHostileTree || (history.shape === 'worktree' && against === 'start')) return;
  const patch = await box.changes.patch(top, against, signal);
  const path = `${top}.patch`;
  await apiTransfer(box.api).upload(box.id, { path, content: { size: patch.length, bytes: [patch] }, signal });
  const from =
    against === 'head'
      ? `cp -a ${top}.copy ${top}.then && cd ${top}.then && git read-tree HEAD`
      : `cp -a ${top}.start ${top}.then && cd ${top}.then && git add -A`;
  const apply = patch.length === 0 ? 'true' : `git apply --cached --whitespace=nowarn ${path}`;
  const { stdout } = await box.commands.run(`{ ${from} && ${apply}; } 2>&1 && git write-tree`, {
    signal,
    deadlineMs: 30_000,
  });
  assert.equal(Buffer.from(stdout).toString().trim(), work.tree, 'the patch makes something else');
  tally.count('patches');
}
