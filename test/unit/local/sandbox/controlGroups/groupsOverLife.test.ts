import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { fingerprint } from '../../../../../src/local/host/processFingerprint';
import { waitFor } from '../../../../eventually';
import { logText, startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';
import { groupsOf, places } from './platformGroups';

describe('local platform’s control groups over its own life', () => {
  before(async function () {
    const platform = await startPlatform();
    const groups = groupsOf(platform);
    await platform.stop();
    if (groups.length === 0) {
      skip(this, 'this computer allows no control groups');
    }
  });

  it('clears them away when it is killed', async () => {
    const platform = await startPlatform();
    await platform.client().devboxes.createAndAwaitRunning({ entrypoint: 'sleep 1000' });
    const groups = groupsOf(platform);
    assert.equal(groups.filter((group) => !group.endsWith('.self')).length, places.length);
    await platform.stop('SIGKILL');
    await waitFor('their removal', () => (groups.some((group) => existsSync(group)) ? undefined : true));
  });

  it('let the platform go before what devboxes compute, and are left by it at its end', async function () {
    if (!places.some(({ version, controllers }) => version === 1 && controllers.includes('cpu'))) {
      skip(this, 'this computer shares out the processor by version 2 or not at all');
    }
    const platform = await startPlatform();
    const share = groupsOf(platform).find((group) => group.endsWith('.self')) ?? 'none';
    try {
      assert.equal(readFileSync(join(share, 'cpu.shares'), 'utf8').trim(), '8192');
      assert.ok(readFileSync(join(share, 'cgroup.procs'), 'utf8').split('\n').includes(String(platform.pid)));
      const { id } = await platform.client().devboxes.createAndAwaitRunning({ entrypoint: 'exec sleep 1234.5' });
      const inside = await platform.client().devboxes.executeAndAwaitCompletion(id, { command: 'cat /proc/1/cgroup' });
      assert.doesNotMatch(inside.stdout ?? '', /\.self/);
    } finally {
      assert.equal(await platform.stop(), 0);
    }
    await waitFor('its removal', () => (existsSync(share) ? undefined : true));
  });

  it('clears what a killed one has left, and nothing else', async () => {
    const own = places[0]?.own ?? '';
    const space = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
    const gone = spawnSync('true').pid;
    const left = join(own, `runloop-local.${space}.${gone}.1`);
    const living = join(own, `runloop-local.${space}.${(fingerprint(process.pid) ?? '').replace(' ', '.')}`);
    const others = [living, join(own, `runloop-local.1.${gone}.1`), join(own, `other-${process.pid}`)];
    for (const folder of [left, join(left, 'dbx_1-1'), ...others]) {
      mkdirSync(folder);
    }
    try {
      const platform = await startPlatform();
      await platform.stop();
      assert.ok(!existsSync(left));
      assert.deepEqual(
        others.filter((folder) => !existsSync(folder)),
        [],
      );
    } finally {
      others.forEach((folder) => rmdirSync(folder));
    }
  });

  it('holds plain processes as well', async () => {
    const platform = await startPlatform(['--sandbox', 'plain']);
    const client = platform.client();
    try {
      const { id } = await client.devboxes.create({
        entrypoint: `exec node -e 'Buffer.alloc(1800 * 2 ** 20, 1)'`,
        launch_parameters: { resource_size_request: 'X_SMALL' },
      });
      const ended = await waitFor('its end', async () => {
        const seen = await client.devboxes.retrieve(id);
        return seen.status === 'failure' || seen.status === 'shutdown' ? seen : undefined;
      });
      assert.equal(ended.failure_reason, 'out_of_memory');
      assert.match(await logText(client, id), /Out of memory: the devbox used 1\.00 GiB of 1\.00 GiB/);
    } finally {
      assert.equal(await platform.stop(), 0);
    }
  });

  it('does without them when asked to', async () => {
    const platform = await startPlatform(['--control-groups', 'off']);
    try {
      const { id } = await platform.client().devboxes.createAndAwaitRunning({
        launch_parameters: {
          launch_commands: [
            'ls -A /sys/fs/cgroup | wc -l; cut -d: -f3- /proc/self/cgroup | grep -c runloop-local; true',
          ],
        },
      });
      assert.deepEqual(groupsOf(platform), []);
      assert.match(await logText(platform.client(), id), /^0\n0$/m);
    } finally {
      await platform.stop();
    }
  });

  it('leaves something to the computer when all devboxes, or a build, want too much', async function () {
    const memory = places.find(({ version, controllers }) => version === 1 && controllers.includes('memory'));
    if (memory === undefined) {
      // Only version 1 lets a group have processes and groups at once.
      skip(this, 'only version 1 of control groups lets a group have processes and groups at once');
    }
    const computer = join(memory.own, `computer-${process.pid}`);
    mkdirSync(computer);
    writeFileSync(join(computer, 'memory.limit_in_bytes'), String(1_280 * 2 ** 20));
    try {
      const platform = await startPlatform([], { within: ['sh', '-c', 'echo 0 > "$0/tasks" && exec "$@"', computer] });
      const client = platform.client();
      try {
        const eater = `exec node -e 'const kept = []; for (let i = 0; i < 14; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 8000)'`;
        const ids = await Promise.all([1, 2].map(async () => (await client.devboxes.create({ entrypoint: eater })).id));
        const failed = await waitFor('one’s end', async () =>
          (await Promise.all(ids.map((id) => client.devboxes.retrieve(id)))).find(({ status }) => status === 'failure'),
        );
        assert.equal(failed.failure_reason, 'out_of_memory');
        assert.match(
          await logText(client, failed.id),
          /Out of memory: this computer has no more for devboxes\. The devbox used 0\.\d\d GiB of 2\.00 GiB/,
        );
        await Promise.all(ids.map((id) => client.devboxes.shutdown(id)));

        const { id } = await client.blueprints.create({
          name: 'eater',
          system_setup_commands: [`node -e 'Buffer.alloc(1500 * 2 ** 20, 1)'`],
        });
        const blueprint = await waitFor('the build’s end', async () => {
          const seen = await client.blueprints.retrieve(id);
          return seen.status === 'failed' ? seen : undefined;
        });
        assert.equal(blueprint.failure_reason, 'out_of_memory');
        const usable = await client.devboxes.createAndAwaitRunning({});
        await client.devboxes.shutdown(usable.id);
      } finally {
        assert.equal(await platform.stop(), 0);
      }
    } finally {
      rmdirSync(computer);
    }
  });
});
