import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DevboxChanges } from '../../../../../src/core/changes/devboxChanges';
import { openClone } from '../../../../../src/core/changes/home/clone';
import { sendable } from '../../../../../src/core/changes/home/send';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { short, signal } from '../useChanges';
import { fewFiles, usePairs } from './usePair';

describe('What a Send that was killed has left in a folder', function () {
  this.timeout(120_000);
  const pairs = usePairs('beside', fewFiles);

  it('on another file system goes with the next look, and nothing that is somebody else’s', async () => {
    const { top, clone } = await pairs.pair('true', 'echo mine > b; echo new > new');
    const { bash, commands, id: devboxId } = pairs.box;
    const there = '/dev/shm/beside';
    await bash(
      `cp -a ${top} ${there}; mkdir ${there}/.runloop-sending.abcdef; echo x > ${there}/.runloop-sending.abcdef/x; ! [ $(stat -c %d ${there}) = $(stat -c %d /var/tmp) ]`,
    );
    // Ends with all that it began, once it moves a first file into its place.
    await bash(
      `mkdir -p /tmp/ends; printf '#!/bin/bash\\nif [ "$2" = -t ]; then for p in $(< /tmp/ends/pid) $$; do kill -9 -- -$(ps -o pgid= -p $p | tr -d " "); done; sleep 60; fi; exec %s "$@"\\n' "$(command -v mv)" > /tmp/ends/mv; chmod 755 /tmp/ends/mv`,
    );
    const by = {
      run: (script: string, options: Parameters<typeof commands.run>[1]) =>
        commands.run(`echo $$ > /tmp/ends/pid; export PATH=/tmp/ends:$PATH\n${script}`, options),
    };
    const changes = new DevboxChanges({ devboxId, commands: by, requireRunning: () => Promise.resolve() });
    const plan = await sendable({ changes, transfer: apiTransfer(pairs.api), devboxId }, await pairs.box.read(there), {
      clone: await openClone(clone, signal),
      signal,
    });
    const ended: unknown = await plan?.send(signal).catch((error: unknown) => error);
    assert.ok(RuntimeError.is(ended) && ended.problem.id === 'send_maybe', String(ended));
    await plan?.dispose();
    const left = (): Promise<string> => bash(`cd ${there}; ls -dA .runloop-sending.* | wc -l`);
    assert.equal(await left(), '2\n', 'it was killed while that was there');
    const { groups } = await pairs.box.read(there);
    assert.deepEqual(groups.uncommitted.map(short), ['untracked .runloop-sending.abcdef/x']);
    assert.equal(await left(), '1\n');
    assert.equal(await bash('find /var/tmp/.runloop-devboxes-*/ -name beside'), '');
    await bash(`rm -rf ${there}`);
  });
});
