import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DevboxChanges } from '../../../../../src/core/changes/devboxChanges';
import { discard, discardable } from '../../../../../src/core/changes/discard';
import { openClone } from '../../../../../src/core/changes/home/clone';
import { sendable } from '../../../../../src/core/changes/home/send';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { signal } from '../useChanges';
import { fewFiles, usePairs } from './usePair';

describe('Two windows that do the same in a devbox at once', function () {
  this.timeout(120_000);
  const pairs = usePairs('two', fewFiles);
  const outcomes = async (works: readonly Promise<unknown>[]): Promise<string[]> =>
    (await Promise.allSettled(works))
      .map((one) => {
        if (one.status === 'fulfilled') return 'done';
        return RuntimeError.is(one.reason) ? one.reason.problem.id : String(one.reason);
      })
      .toSorted();
  /** Whose git waits a moment before it writes. */
  const windows = (): readonly DevboxChanges[] => {
    const { id: devboxId, commands } = pairs.box;
    const run: typeof commands.run = (command, options) => commands.run(`PATH=/tmp/two-git:$PATH\n${command}`, options);
    return [1, 2].map(
      () => new DevboxChanges({ devboxId, commands: { run }, requireRunning: () => Promise.resolve() }),
    );
  };
  const slow =
    `mkdir -p /tmp/two-git; printf '#!/bin/sh\\ncase " $* " in *" --check "*) ;; *" apply "*) sleep 2;; esac; exec %s "$@"\\n' "$(command -v git)" > /tmp/two-git/git; ` +
    'chmod 755 /tmp/two-git /tmp/two-git/git';

  it('note one start, discard once, and send once: none takes back what the other has written', async () => {
    const { top, clone } = await pairs.pair(`echo more >> a; ${slow}`, 'echo mine > d/x; echo s > s');
    const both = windows();
    const found = await Promise.all(both.map((one) => one.read(top, signal)));
    assert.deepEqual(found[0]?.report.start, found[1]?.report.start);
    assert.deepEqual(
      found.map(({ groups }) => groups.sinceStart),
      [[], []],
    );
    const meant = { top, paths: [], signal, devboxId: pairs.box.id };
    const plans = await Promise.all(both.map((one) => discardable(one, meant)));
    const state = plans[0]?.state ?? '';
    const discarded = await outcomes(both.map((one) => discard(one, { ...meant, state })));
    assert.equal(discarded.filter((word) => word === 'done').length, 1, discarded.join());
    assert.equal(await pairs.box.bash(`cd ${top}; git status --porcelain; git stash list | wc -l`), '1\n');
    const local = await openClone(clone, signal);
    const sends = await Promise.all(
      both.map(async (changes) => {
        const context = { changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
        return sendable(context, await changes.read(top, signal), { clone: local, signal });
      }),
    );
    assert.deepEqual(await outcomes(sends.map(async (one) => one?.send(signal))), ['done', 'send_moved']);
    await Promise.all(sends.map(async (one) => one?.dispose()));
    assert.equal(await pairs.box.bash(`cd ${top}; git status --porcelain; cat d/x s`), ' M d/x\n?? s\nmine\ns\n');
  });
});
