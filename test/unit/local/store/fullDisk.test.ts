import assert from 'node:assert/strict';
import { APIError } from '@runloop/api-client';
import { before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { logText, startPlatform } from '../../../platform/testPlatform';
import { newDataDir } from '../../../platform/platformProcess';
import { skip } from '../../../run/skip';

describe('a platform whose disk is full', function () {
  this.timeout(120_000);

  before(function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can mount a small disk of its own');
  });

  it('refuses what is new with the reason, keeps what runs, and goes on when there is room', async () => {
    const dataDir = await newDataDir();
    const platform = await startPlatform([], {
      dataDir,
      within: ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o size=80m disk ${dataDir} && exec "$@"`, 'disk'],
    });
    try {
      const client = platform.client();
      const other = await client.devboxes.createAndAwaitRunning({ name: 'other', tunnel: {} });
      const greedy = await client.devboxes.createAndAwaitRunning({
        launch_parameters: { launch_commands: ['(while :; do echo still here; sleep 0.01; done) &'] },
      });
      const run = async (command: string): Promise<{ exit_status?: number | null; stdout?: string | null }> =>
        client.devboxes.executeAndAwaitCompletion(other.id, { command });
      const fill = 'dd if=/dev/zero of=/home/user/fill bs=64k 2> /dev/null; true';
      await client.devboxes.executeAndAwaitCompletion(greedy.id, { command: fill });
      const refusal = await waitFor('a refusal', async () => {
        try {
          await client.devboxes.shutdown((await client.devboxes.create({ name: 'refused' })).id);
        } catch (error) {
          return error instanceof APIError ? error : undefined;
        }
        await client.devboxes.executeAndAwaitCompletion(greedy.id, {
          command: fill.replace('of=', 'oflag=append conv=notrunc of='),
        });
        return undefined;
      });
      assert.equal(refusal.status, 507);
      assert.match(refusal.message, /no space left on the disk of the data folder \(ENOSPC\)/);
      // What is refused once is refused every time, and nothing of it is there.
      await assert.rejects(client.secrets.create({ name: 'S', value: 'x' }), /507 .*ENOSPC/);
      await assert.rejects(client.secrets.create({ name: 'S', value: 'x' }), /507 .*ENOSPC/);
      assert.equal((await client.devboxes.list()).devboxes.filter(({ name }) => name === 'refused').length <= 1, true);
      // What runs goes on, and what is asked of it is kept.
      assert.equal((await run('exit 7')).exit_status, 7);
      await client.devboxes.update(other.id, { metadata: { kept: 'yes' } });
      for (let at = 0; at < 20; at += 1) assert.equal((await client.devboxes.retrieve(greedy.id)).status, 'running');
      await client.devboxes.shutdown(greedy.id);
      const later = await waitFor('room', async () => {
        try {
          return await client.devboxes.createAndAwaitRunning({ name: 'later' });
        } catch (error) {
          assert.match(String(error), /507/);
          return undefined;
        }
      });
      assert.equal(later.status, 'running');
      assert.equal((await run('echo again')).stdout, 'again\n');
      assert.deepEqual((await client.devboxes.retrieve(other.id)).metadata, { kept: 'yes' });
      assert.match(await logText(client, other.id), /again/);
      assert.doesNotMatch(platform.stderr(), /mistake/);
      assert.equal(await platform.stop(), 0);
    } finally {
      await platform.stop('SIGKILL');
    }
  });
});
