import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';

for (const groups of ['auto', 'off'] as const) {
  describe(`what outlives every process of a devbox in memory, control groups ${groups}`, function () {
    this.timeout(120_000);
    let platform: TestPlatform;
    before(async () => {
      platform = await startPlatform(['--control-groups', groups]);
    });
    after(() => platform.stop());

    it('is held to a quarter of its memory, and to a number of queues and semaphores', async () => {
      const { devboxes } = platform.client();
      const { id } = await devboxes.createAndAwaitRunning({ launch_parameters: { resource_size_request: 'SMALL' } });
      const run = async (command: string): Promise<string> =>
        (await devboxes.executeAndAwaitCompletion(id, { command })).stdout ?? '';
      const count = (what: string): string => `perl -e '$n = 0; ${what}; print "$n\\n"'`;
      // Nothing is written there, so nothing is used: what may be asked for counts.
      assert.equal(await run(count('$n++ while $n < 100 && defined shmget(0, 64 << 20, 01600)')), '8\n');
      assert.equal(await run(count('$n++ while $n < 5000 && defined msgget(0, 01600)')), '1024\n');
      assert.equal(await run(count('$n++ while $n < 5000 && defined semget(0, 1, 01600)')), '1024\n');
      // Root of it cannot change that.
      const raise = 'echo 999999999 > /proc/sys/kernel/shmall';
      const nested = `unshare --user --map-root-user --mount --pid --fork sh -c 'mkdir -p /tmp/p && mount -t proc proc /tmp/p && echo 999999999 > /tmp/p/sys/kernel/shmall'`;
      await run(`sudo bash -c '${raise}'; sudo ${nested}; true`);
      assert.equal(await run(count('$n++ while $n < 9 && defined shmget(0, 64 << 20, 01600)')), '0\n');
    });
  });
}
