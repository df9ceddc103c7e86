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
import { operation } from './operation';

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
