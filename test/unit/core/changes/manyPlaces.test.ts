import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from './useChanges';

describe('The repositories in a devbox with many', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api);
  });

  it('are looked for in the nearest places first, and of what is left it is told how much, and that there may be more', async () => {
    const top = '/tmp/of-changes/many';
    const some = (from: string, count: number): string =>
      `for i in $(seq ${count}); do mkdir -p ${top}/${from}/$i/.git; done`;
    await box.bash(`${some('a/far/off/and/on', 305)}; ${some('z', 5)}; mkdir -p "${top}/z/b  b/.git"`);
    const near = ['1', '2', '3', '4', '5', 'b  b'].map((name) => `${top}/z/${name}`);
    const found = await box.changes.find(top, signal);
    assert.deepEqual(found.repositories.slice(-6), near);
    assert.deepEqual([found.repositories.length, found.more, found.isCut], [300, 11, false]);
    // One that does not come to its end.
    const slow = `mkdir -p /tmp/slow-find; printf '#!/bin/sh\\ncase " $* " in *" -maxdepth 4 "*) ;; *) sleep 60;; esac; exec %s "$@"\\n' "$(command -v find)" > /tmp/slow-find/find; chmod 755 /tmp/slow-find /tmp/slow-find/find`;
    await box.bash(slow);
    const late = new DevboxChanges({
      devboxId: box.id,
      requireRunning: () => Promise.resolve(),
      commands: { run: (script, options) => box.commands.run(`PATH=/tmp/slow-find:$PATH\n${script}`, options) },
    });
    const { repositories, more, isCut } = await late.find(top, signal);
    assert.deepEqual([repositories, more, isCut], [near, 0, true]);
  });
});
