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
import { requireSidesAsThere } from '../../unit/core/changes/requireSides';
import { operation, rareOperation } from './operation';

/** Pauses in a run, and operations before each. */
const pauses = 5;
const operations = 10;
/** Changes of a pause whose both sides are compared. */
const compared = 2;
/** Bytes of the largest file that is looked into. */
const mostCompared = 5 * 1024 * 1024;
/** How git writes that an entry is a repository within, and what the one of the runs is called. */
const submodule = '160000';
const submoduleName = 's1';

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
    Array.from(
      { length: count },
      () => `{ ${(dice.chance(1 / 6) ? rareOperation : operation)(dice)}; } >/dev/null 2>&1 </dev/null || true`,
    ).join('\n');
  await box.bash(
    `git config --global user.name t; git config --global user.email t@t; mkdir -p ${top}.lib; cd ${top}.lib; git init -q; echo lib > lib; ` +
      `git add -A; git commit -qm lib; git commit -q --allow-empty -m more; mkdir -p ${top}; cd ${top}; git init -q -b main; echo 0 > a; mkdir d; ` +
      `echo 0 > d/x; git add -A; git commit -qm 0; git branch other; top=${top}; ${work(dice.whole(0, 12))}\ntrue`,
  );
  await box.read(top);
  await box.bash(`cp -a ${top} ${top}.start`);
  const counts = { operations: 0, uncommitted: 0, sinceStart: 0, sides: 0, worktrees: 0, submodules: 0, large: 0 };
  for (let pause = 0; pause < pauses; pause += 1) {
    const script = work(operations);
    await box.bash(`cd ${top}; top=${top}; ${script}\ntrue`);
    const found = await requireAsGitSays(box, top);
    counts.sides += await requireSidesAsThere(box, top, found, { start: `${top}.start`, about: script });
    if ((await box.bash(`git -C ${top}.tree rev-parse --show-toplevel 2>/dev/null || true`)) === `${top}.tree\n`) {
      counts.sides += await requireSidesAsThere(box, `${top}.tree`, await requireAsGitSays(box, `${top}.tree`));
      counts.worktrees += 1;
    }
    const { groups } = found;
    const [before, after] = [await manifest(box, `${top}.start`), await manifest(box, top)];
    const different = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => before.get(path)?.is !== after.get(path)?.is,
    );
    const since = groups.sinceStart ?? assert.fail('the start is not known');
    const told = since.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from]));
    // Of large files a change of their time alone is one, where git has not looked into them.
    const mayBeTold = (path: string): boolean => before.get(path)?.time !== after.get(path)?.time;
    assert.deepEqual(
      [...new Set(told)].filter((path) => different.includes(path) || !mayBeTold(path)).sort(),
      different.sort(),
      script,
    );
    const small = since.filter((one) => ![one.before, one.after].some(isWithin) && ![one.path, one.from].some(isLarge));
    counts.large += since.filter(({ after: now }) => now?.isLarge).length;
    counts.submodules += since.filter(({ after: now }) => now?.mode === submodule).length;
    for (let count = 0; count < compared && small.length > 0; count += 1) {
      const { path, from = path, before: old, after: now } = dice.pick(small);
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

function isWithin(side: ChangeSide | undefined): boolean {
  return side?.mode === submodule;
}

/** Whether it may be a file of 100 MB, by its name. */
function isLarge(path = ''): boolean {
  return path.endsWith('big');
}

/** What there is under a name. */
interface Found {
  /** What git tells of it: whether it can be executed, its bytes. */
  readonly is: string;
  /** Of a file that is too large to be looked into each time. */
  readonly time: string | undefined;
}

/** Every file, link and submodule of a folder. */
async function manifest({ commands }: ChangesDevbox, folder: string): Promise<Map<string, Found>> {
  const find = `find . -path ./.git -prune -o -path ./${submoduleName} -prune -o`;
  const { stdout } = await commands.run(
    `cd ${folder} && ${find} -type l -printf '%P\\0link %l\\0\\0'; ${find} -type f -print0 | while IFS= read -r -d '' f; do ` +
      `[ -x "$f" ] && x=x || x=-; [ "$(stat -c %s -- "$f")" -gt ${mostCompared} ] && t=$(stat -c %.Y -- "$f") || t=; ` +
      `printf '%s\\0%s %s\\0%s\\0' "\${f#./}" $x "$(sha256sum < "$f")" "$t"; done; ` +
      `at=$({ git ls-files -s ${submoduleName} | grep $' [02]\\t'; git ls-files -s ${submoduleName}; } | head -n 1 | cut -d ' ' -f 2); [ ! -e ${submoduleName}/.git ] || at=\${at:+$(git -C ${submoduleName} rev-parse HEAD)}; ` +
      `[ ! -d ${submoduleName} ] || [ -z "$at" ] || printf '%s\\0%s\\0\\0' ${submoduleName} "$at"`,
    { signal, deadlineMs: 60_000 },
  );
  const fields = fieldsOf(stdout);
  const files = new Map<string, Found>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const time = fields[at + 2]?.toString('latin1');
    files.set(textOfPath(fields[at] ?? Buffer.alloc(0)), {
      is: fields[at + 1]?.toString('latin1') ?? '',
      time: time === '' ? undefined : time,
    });
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
