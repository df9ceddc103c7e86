import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { DevboxChanges, type RepositoryChanges } from '../../../../src/core/changes/devboxChanges';
import { discardable } from '../../../../src/core/changes/discard';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { RuntimeError } from '../../../../src/core/errors';
import { skip } from '../../../run/skip';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from './useChanges';

describe('Changes in a devbox without space for what is kept of them', function () {
  this.timeout(240_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async function () {
    box = await changesDevbox(used.api, { name: 'full' });
    const { exitCode } = await box.commands.run('unshare -Urm mount -t tmpfs none /var/tmp', {
      signal,
      deadlineMs: 15_000,
    });
    if (exitCode !== 0) skip(this, 'the devbox cannot make a small file system');
  });

  /** What finds so many kilobytes free where we keep things, and leaves nothing there. */
  const within = (size: number): DevboxChanges => {
    const small = `mount -t tmpfs -o size=${size}k,mode=1777 none /var/tmp && exec bash -c "$1"`;
    const commands: DevboxCommands = {
      run: (command, options) =>
        box.commands.run(`exec unshare -Urm bash -c '${small}' small "$(cat <<'END'\n${command}\nEND\n)"`, options),
    };
    return new DevboxChanges({ devboxId: box.id, commands, requireRunning: () => Promise.resolve() });
  };
  /** Reads with more and more space until there is enough, and requires that nothing wrong is told until then. */
  async function whole(read: (changes: DevboxChanges) => Promise<RepositoryChanges>): Promise<number> {
    let refused = 0;
    for (const size of [40, 120, 200, 280, 360, 440, 520, 700, 1000, 8000]) {
      try {
        const { groups, report } = await read(within(size));
        const files = [...groups.uncommitted, ...(groups.sinceStart ?? [])];
        assert.deepEqual(
          files.filter(({ after }) => (after?.id ?? '') === ''),
          [],
          `${size} kB`,
        );
        if (groups.sinceStart !== undefined) {
          assert.deepEqual([report.start !== undefined, groups.sinceStart.length], [true, 0], `${size} kB`);
        }
      } catch (error) {
        assert.ok(RuntimeError.is(error, 'file'), `${size} kB: ${String(error)}`);
        assert.equal(error.problem.id, 'changes_no_folder', `${size} kB`);
        refused += 1;
      }
    }
    return refused;
  }
  const many = 'for i in $(seq 1500); do echo $i > file-with-a-long-name-$i; done';

  it('are told whole or not at all, and no start is noted that is not whole', async () => {
    const top = await box.repository('echo a > a');
    await box.bash(`cd ${top}; ${many}`);
    const refused = await whole((changes) => changes.read(top, signal));
    assert.ok(refused > 3 && refused < 10, `${refused}`);
    const folder = '/tmp/of-full/plain';
    await box.bash(`mkdir -p ${folder}; cd ${folder}; ${many}`);
    const plain = await whole((changes) => changes.readFolder(folder, signal));
    assert.ok(plain > 3 && plain < 10, `${plain}`);
  });

  it('are not planned to be discarded', async () => {
    const top = await box.repository('echo a > a');
    await box.bash(`cd ${top}; ${many}`);
    const all = (await discardable(box.changes, { top, paths: [], signal })).lost.length;
    assert.equal(all, 1500);
    for (const size of [120, 200, 280, 360, 440]) {
      const found = await discardable(within(size), { top, paths: [], signal }).catch((error: unknown) => error);
      const told = found instanceof RuntimeError ? found.problem.id : found;
      assert.ok(
        told === 'changes_no_folder' ||
          (typeof told === 'object' &&
            told !== null &&
            'lost' in told &&
            Array.isArray(told.lost) &&
            told.lost.length === all),
        `${size} kB: ${JSON.stringify(told).slice(0, 200)}`,
      );
    }
  });
});
