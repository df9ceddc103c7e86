import assert from 'node:assert/strict';
import type { RepositoryChanges } from '../../../src/core/changes/devboxChanges';
import type { ChangeSide } from '../../../src/core/changes/compare';
import { bytesOfPath, textOfPath } from '../../../src/core/files/pathText';
import { fieldsOf } from '../../../src/core/files/fileFacts';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startPlatform } from '../../platform/testPlatform';
import { changesDevbox, requireAsGitSays, signal, type ChangesDevbox } from '../../unit/core/changes/useChanges';
import type { Campaign, Counts } from '../campaign';
import type { Dice } from '../dice';

/** Pauses in a run, and operations before each. */
const pauses = 5;
const operations = 10;
/** Changes of a pause whose both sides are compared. */
const compared = 2;

/**
 * Random work by real git and a shell in a repository of a devbox. After each pause the groups must be what `git status` says,
 * and what a copy of the folder from the start differs by, with both sides of changes as they are.
 */
export const changesCampaign: Campaign = {
  about:
    'changes: after any work of git and a shell both groups and both sides are as git and a copy of the start have them',
  runs: 200,
  async begin() {
    const platform = await startPlatform();
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const box = await changesDevbox(api, { name: 'proof' });
    return { run: (dice, index) => oneRun(box, dice, index), end: () => platform.stop() };
  },
};

async function oneRun(box: ChangesDevbox, dice: Dice, index: number): Promise<Counts> {
  const top = `/tmp/proof/${index}/r`;
  const work = (count: number): string =>
    Array.from({ length: count }, () => `{ ${operation(dice)}; } >/dev/null 2>&1 </dev/null || true`).join('\n');
  await box.bash(
    `mkdir -p ${top}; cd ${top}; git init -q -b main; git config user.name t; git config user.email t@t; echo 0 > a; mkdir d; echo 0 > d/x; ` +
      `git add -A; git commit -qm 0; git branch other; ${work(dice.whole(0, 12))}\ntrue`,
  );
  await box.read(top);
  await box.bash(`cp -a ${top} ${top}.start`);
  const counts = { operations: 0, uncommitted: 0, sinceStart: 0, sides: 0 };
  for (let pause = 0; pause < pauses; pause += 1) {
    const script = work(operations);
    await box.bash(`cd ${top}; ${script}\ntrue`);
    const found = await requireAsGitSays(box, top);
    const { groups } = found;
    const [before, after] = [await manifest(box, `${top}.start`), await manifest(box, top)];
    const different = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => before.get(path) !== after.get(path),
    );
    const since = groups.sinceStart ?? assert.fail('the start is not known');
    const told = since.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from]));
    assert.deepEqual([...new Set(told)].sort(), different.sort(), script);
    for (let count = 0; count < compared && since.length > 0; count += 1) {
      const { path, from = path, before: old, after: now } = dice.pick(since);
      await requireSide(box, `${top}.start`, found, { path: from, side: old });
      await requireSide(box, top, found, { path, side: now });
      counts.sides += 2;
    }
    counts.operations += operations;
    counts.uncommitted += groups.uncommitted.length;
    counts.sinceStart += since.length;
  }
  await box.bash(`rm -rf /tmp/proof/${index}`);
  return counts;
}

const names = [
  'a',
  'b',
  'd',
  'd/x',
  'd/y',
  'e/f',
  `$'new\\nline'`,
  `$'\\xff'`,
  `'"q'`,
  `'sp ace'`,
  `'-rf'`,
  `'*'`,
  `'é'`,
  `'\\b'`,
];

/** One thing that somebody does. */
function operation(dice: Dice): string {
  const [name, other] = [dice.pick(names), dice.pick(names)];
  const path = `./${name}`;
  const parent = `mkdir -p -- "$(dirname -- ${path}; echo)" 2>/dev/null`;
  const text = dice.pick(['1', '2', `${dice.whole(0, 9)}`, 'same', '']);
  return dice.pick([
    `${parent}; printf '%s\\n' '${text}' > ${path}`,
    `${parent}; printf '%s\\n' '${text}' > ${path}`,
    `${parent}; printf '%s\\n' '${text}' >> ${path}`,
    `rm -rf -- ${path}`,
    `mv -f -- ${path} ./${other}`,
    `cp -a -- ${path} ./${other}`,
    `[ -d ${path} ] || chmod 755 ${path}`,
    `[ -d ${path} ] || chmod 644 ${path}`,
    `touch -d 2001-01-01 ${path}`,
    `rm -rf -- ${path}; ${parent}; ln -sfn -- ./${other} ${path}`,
    `rm -rf -- ${path}; mkdir -p -- ${path}; echo in > ${path}/in`,
    `${parent}; head -c ${dice.whole(1, 300_000)} /dev/urandom > ${path}`,
    `git add -- ${path}`,
    `git add -N -- ${path}`,
    'git add -A',
    `git rm -q --cached -r -- ${path}`,
    `git mv -f -- ${path} ./${other}`,
    `git checkout -- ${path}`,
    'git commit -qm work',
    'git add -A; git commit -qm all',
    'git commit -q --amend --no-edit --allow-empty',
    'git reset -q --hard',
    'git reset -q --soft HEAD~1',
    'git reset -q HEAD~1',
    'git checkout -q other',
    'git checkout -q main',
    'git checkout -q --detach',
    'git merge -q other -m merged',
    'git merge --abort',
    'git rebase -q other',
    'git rebase --abort',
    'git cherry-pick main',
    'git cherry-pick --abort',
    'git stash -q -u',
    'git stash pop -q',
    'git clean -fdq',
    'git gc -q --prune=now',
    'git pack-refs --all',
    'git update-index --split-index',
    'git update-index --really-refresh',
  ]);
}

/** Every file and link of a folder, with what git tells of it: whether it can be executed, its bytes. */
async function manifest({ commands }: ChangesDevbox, folder: string): Promise<Map<string, string>> {
  const find = `cd ${folder} && find . -path ./.git -prune -o`;
  const { stdout } = await commands.run(
    `${find} -type l -printf '%P\\0link %l\\0'; ${find} -type f -print0 | while IFS= read -r -d '' f; do ` +
      `[ -x "$f" ] && x=x || x=-; printf '%s\\0%s %s\\0' "\${f#./}" $x "$(sha256sum < "$f")"; done`,
    { signal, deadlineMs: 30_000 },
  );
  const fields = fieldsOf(stdout);
  const files = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    files.set(textOfPath(fields[at] ?? Buffer.alloc(0)), fields[at + 1]?.toString('latin1') ?? '');
  }
  return files;
}

/** Holds one side of a change against the file that it is about. */
async function requireSide(
  { changes, commands }: ChangesDevbox,
  folder: string,
  of: RepositoryChanges,
  { path, side }: { readonly path: string; readonly side: ChangeSide | undefined },
): Promise<void> {
  const name = Buffer.from(`${folder}/`);
  const stdin = Buffer.concat([name, bytesOfPath(path), Buffer.of(0)]);
  const command = `IFS= read -r -d '' f; if [ -L "$f" ]; then readlink -n -- "$f"; elif [ -f "$f" ]; then cat -- "$f"; else printf '(none)'; fi`;
  const { stdout } = await commands.run(command, { stdin, signal, deadlineMs: 30_000 });
  const found = side === undefined ? undefined : await changes.content(of, { path, side }, { most: 1e6, signal });
  const bytes = found !== undefined && 'bytes' in found ? found.bytes : Buffer.from('(none)');
  assert.ok(bytes.equals(Buffer.from(stdout)), `${path}: ${found?.kind ?? 'nothing'}`);
}
