import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openClone } from '../../../src/core/changes/home/clone';
import { sendable, type Sendable } from '../../../src/core/changes/home/send';
import { apiTransfer } from '../../../src/core/files/fileTransfer';
import { bytesOfPath } from '../../../src/core/files/pathText';
import { signal } from '../../unit/core/changes/useChanges';
import type { Dice } from '../dice';
import { work } from './histories';
import type { History, HomeBox, LocalClone, Tally } from './history';
import { addedTree, asAdded, differences, fingerprint, requireSame, sh, stateOf } from './places';

interface SendWay {
  readonly history: History;
  readonly clone: LocalClone;
  readonly dice: Dice;
  readonly tally: Tally;
}

/**
 * Sends what was done in the clone to the devbox: its files are the clone's by hash, those that were not told of stay as they were,
 * and git's own folder there is not written to; the clone is only read.
 */
export async function sendWork(box: HomeBox, { history, clone, dice, tally }: SendWay): Promise<void> {
  const { top, head } = history;
  tally.doing(`send (${clone.shape}, ${history.shape})`);
  if (head === '' || ['bare', 'unborn', 'worktree'].includes(clone.shape)) return;
  // Submodules' folders are there in the devbox and here or not: they do not come along.
  sh(
    clone.folder,
    `git checkout -q -f HEAD; { ${work(dice, dice.whole(1, 10))}\n}; mkdir -p '${clone.shape === 'below' ? 'below' : '.'}'; true`,
  );
  const copy = join(clone.folder, '..', 'sent');
  sh(
    clone.folder,
    `cp -a . "$C"`.replace('"$C"', () => `'${copy.replaceAll("'", `'\\''`)}'`),
  );
  const isUnmerged = sh(copy, 'git ls-files -u') !== '';
  const mine = addedTree(sh(copy, asAdded('.')));
  const ancestors = (await box.bash(`cd ${top}.copy; git rev-list HEAD`)).split('\n').filter((id) => id !== '');
  const known = new Set(ancestors);
  const base = sh(copy, 'git rev-list --topo-order HEAD 2>/dev/null || true')
    .split('\n')
    .find((id) => known.has(id));
  const before = stateOf(clone.folder);
  const dotGit = fingerprint(`${top}/.git`);
  const state = await box.bash(history.shape === 'worktree' ? 'true' : dotGit);
  let found: Sendable | undefined;
  const problem = await tally.refusal(async () => {
    const context = { changes: box.changes, transfer: apiTransfer(box.api), devboxId: box.id };
    found = await sendable(context, await box.read(top), { clone: await openClone(clone.given, signal), signal });
    try {
      requireSame(await box.bash(fingerprint(top)), history.state, 'the devbox was written to before a yes');
      if (found !== undefined && found.conflicts.length + found.blocked.length === 0) await found.send(signal);
    } finally {
      await found?.dispose();
    }
  });
  assert.deepEqual(differences(before, stateOf(clone.folder)), [], 'the clone was written to');
  if (history.shape !== 'worktree') {
    requireSame(await box.bash(dotGit), state, 'git’s folder in the devbox was written to');
  }
  if (problem !== undefined || (found !== undefined && found.conflicts.length + found.blocked.length > 0)) {
    requireSame(
      await box.bash(fingerprint(top)),
      history.state,
      `nothing was sent (${String(problem)}), but the devbox is other`,
    );
    if (problem === undefined) {
      tally.count('sending refused: in the way');
    } else {
      const isBusy = await box.bash(
        `cd ${top}.copy/.git && ls -d MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD rebase-merge rebase-apply sequencer 2>/dev/null || git -C .. ls-files -u`,
      );
      const may =
        (problem === 'send_unrelated' && base === undefined) ||
        (problem === 'send_conflicts' && isUnmerged) ||
        (problem === 'send_busy' && isBusy !== '');
      assert.ok(may, `refused without a reason: ${problem}`);
    }
    return;
  }
  await requireSent(box, { history, found, mine: mine.files, base: filesOf(copy, base ?? '') });
  tally.count(found === undefined ? 'nothing to send' : 'sent');
}

function filesOf(folder: string, commit: string): ReadonlyMap<string, string> {
  if (commit === '') return new Map();
  return new Map(
    sh(folder, `git ls-tree -r -z --full-tree ${commit}`)
      .split('\0')
      .filter((line) => line !== '')
      .map((line): [string, string] => {
        const tab = line.indexOf('\t');
        const [mode = '', , id = ''] = line.slice(0, tab).split(' ');
        return [line.slice(tab + 1), `${mode} ${id} 0`];
      }),
  );
}

async function requireSent(
  box: HomeBox,
  {
    history: { top, work: was },
    found,
    mine,
    base,
  }: {
    readonly history: History;
    readonly found: Sendable | undefined;
    readonly mine: ReadonlyMap<string, string>;
    readonly base: ReadonlyMap<string, string>;
  },
): Promise<void> {
  // Only the files: a copy of git's folder as it was knows them by their contents again.
  const again = `rm -rf ${top}.after && cp -a ${top} ${top}.after && rm -rf ${top}.after/.git && cp -a ${top}.copy/.git ${top}.after/.git && rm -f ${top}.after/.git/index.lock`;
  const { stdout } = await box.commands.run(`${again}; ${asAdded(`${top}.after`)}`, { signal, deadlineMs: 30_000 });
  const now = addedTree(Buffer.from(stdout).toString('latin1')).files;
  const told = new Map(found?.files.map(({ path, kind }) => [bytesOfPath(path).toString('latin1'), kind]));
  const staying = new Set(found?.staying.map((path) => bytesOfPath(path).toString('latin1')));
  const all = new Set([...told.keys(), ...mine.keys(), ...was.files.keys(), ...now.keys(), ...base.keys()]);
  for (const path of all) {
    const kind = told.get(path);
    const name = JSON.stringify(path);
    if (kind === undefined) {
      assert.equal(now.get(path), was.files.get(path), `${name} was not told of, but is other`);
      if (staying.has(path) || mine.get(path) === base.get(path)) continue;
      assert.equal(now.get(path), mine.get(path), `${name} was not sent`);
    } else if (kind === 'deleted') {
      assert.equal(now.get(path), undefined, `${name} is still there`);
    } else if (kind !== 'merged') {
      assert.equal(now.get(path), mine.get(path), `${name} is other than here`);
    }
  }
}
