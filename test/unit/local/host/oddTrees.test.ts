import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { removeFolder } from '../../../../src/local/host/removeFolder';
import { waitFor } from '../../../eventually';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

/** Makes, in the folder where it runs, what paths and texts cannot name. */
const oddTree = String.raw`
name=$(printf 'd%.0s' {1..200})
mkdir odd && cd odd && printf kept > $'not \xff\xfe text' && mkdir 'a "b" $(c)' $'line\nend' && : > -rf && mkdir locked && : > locked/file && chmod 0 locked
for level in {1..60}; do mkdir "$name" && cd -P "./$name" 2> /dev/null; echo $level > here; done
`;

describe('trees that no path can name', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'odd-'));
  });
  after(() => execFileSync('rm', ['-rf', folder]));

  it('are removed, and nothing that links in them lead to', async () => {
    const kept = join(folder, 'kept');
    mkdirSync(kept);
    writeFileSync(join(kept, 'file'), 'x');
    const tree = join(folder, 'tree');
    mkdirSync(tree);
    symlinkSync(kept, join(tree, 'link'));
    execFileSync('bash', ['-c', oddTree], { cwd: tree });
    mkdirSync(join(tree, 'closed'));
    writeFileSync(join(tree, 'closed', 'file'), '');
    chmodSync(join(tree, 'closed'), 0o500);
    await removeFolder(tree);
    assert.equal(existsSync(tree), false);
    assert.deepEqual(readdirSync(kept), ['file']);
    await removeFolder(join(folder, 'never there'));
    symlinkSync(kept, join(folder, 'only a link'));
    await removeFolder(join(folder, 'only a link'));
    assert.deepEqual(readdirSync(folder), ['kept']);
  });

  it('in a devbox are snapshotted, cleared away, and never hold up a start', async function () {
    this.timeout(120_000);
    const data = join(folder, 'data');
    const started: TestPlatform[] = [];
    const start = async (): Promise<TestPlatform> => {
      const platform = await startPlatform([], { dataDir: data, keepData: true });
      started.push(platform);
      return platform;
    };
    try {
      const first = await start();
      const client = first.client();
      const devbox = await client.devboxes.createAndAwaitRunning({
        launch_parameters: { launch_commands: [oddTree] },
      });
      const snapshot = await client.devboxes.snapshotDisk(devbox.id, {});
      const copy = await client.devboxes.createAndAwaitRunning({ snapshot_id: snapshot.id });
      const { stdout } = await client.devboxes.executeAndAwaitCompletion(copy.id, {
        command: 'cat odd/not*; find odd | wc -l; find odd -name here | tail -n 1 | wc -c',
      });
      assert.match(stdout ?? '', /^kept12[0-9]\n12[01]\d\d\n$/);
      await client.devboxes.deleteDiskSnapshot(snapshot.id);
      await client.devboxes.shutdown(copy.id);
      assert.equal(existsSync(join(data, 'devboxes', copy.id)), false);
      // Its disk is left behind, and that of the other one half thrown away.
      await first.stop('SIGKILL');
      const second = await start();
      assert.equal((await second.client().devboxes.retrieve(devbox.id)).status, 'failure');
      await waitFor('nothing is left', () =>
        ['devboxes', 'snapshots', 'trash'].every((name) => readdirSync(join(data, name)).length === 0)
          ? true
          : undefined,
      );
      assert.equal(await second.stop(), 0);
    } finally {
      await Promise.all(started.map((platform) => platform.stop('SIGKILL')));
      rmSync(data, { recursive: true, force: true });
    }
  });
});
