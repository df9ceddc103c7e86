import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { DevboxCreateParams } from '@runloop/api-client/resources/devboxes/devboxes';
import { waitFor } from '../../../eventually';
import { processesWith } from '../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../../platform/tunnelRequests';

describe('local platform without namespaces', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform(['--sandbox', 'plain', '--control-groups', 'off']);
    client = platform.client();
  });
  after(async () => {
    assert.equal(await platform.stop(), 0);
  });

  it('says so once', () => {
    assert.equal(platform.stderr().match(/plain processes/g)?.length, 1);
  });

  it('does the same path in a folder of its own', async () => {
    const mark = `plain-mark-${process.pid}`;
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      mounts: [{ type: 'file_mount', target: '/home/user/key', content: 'k' }],
      launch_parameters: {
        launch_commands: [
          'mkdir -p /workspace && echo hello > /workspace/file && echo "$RUNLOOP_LOCAL_ROOT" && cat /home/user/key',
          // Left behind by a command, in a session of its own, without the devbox's environment.
          `env -i PATH="$PATH" HOME="$HOME" setsid bash -c 'exec -a ${mark}-orphan sleep 1000' > /dev/null 2>&1 &`,
        ],
      },
      entrypoint: `sudo bash -c 'env -i setsid bash -c "exec -a ${mark}-child sleep 1000" & ${echoServer('plain').replaceAll("'", `'"'"'`)}'`,
      tunnel: {},
    });
    const root = join(platform.dataDir, 'devboxes', id, 'root');
    assert.ok((await logText(client, id)).includes(`${root}\nk`));
    assert.equal(await client.devboxes.readFileContents(id, { file_path: '/workspace/file' }), 'hello\n');
    await assert.rejects(client.devboxes.readFileContents(id, { file_path: '/etc/passwd' }), /404/);
    const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
    assert.equal((await whenListening(platform, host)).status, 200);
    const moved = await send(platform, host, '/?tkn=a&folder=/workspace/sub');
    assert.equal(moved.status, 302);
    assert.equal(new URL(moved.headers.location ?? '', 'http://x').searchParams.get('folder'), `${root}/workspace/sub`);
    assert.equal((await send(platform, host, moved.headers.location ?? '')).status, 200);
    await waitFor('both processes', () => (processesWith(mark).length >= 2 ? true : undefined));
    await client.devboxes.shutdown(id);
    assert.deepEqual(processesWith(mark), []);
    assert.ok(!existsSync(root));
  });

  describe('holds devboxes to their sizes by the watch alone', () => {
    type Launch = NonNullable<DevboxCreateParams['launch_parameters']>;

    /** Starts a devbox with an attack that ends by itself, and waits for the devbox's end. */
    async function endOf(
      entrypoint: string,
      launch: Launch,
    ): Promise<{ id: string; status: string; reason: string | null | undefined; text: string }> {
      const { id } = await client.devboxes.create({ entrypoint, launch_parameters: launch });
      const ended = await waitFor('its end', async () => {
        const seen = await client.devboxes.retrieve(id);
        return ['failure', 'shutdown'].includes(seen.status) ? seen : undefined;
      });
      return {
        id,
        status: ended.status,
        reason: ended.failure_reason ?? ended.shutdown_reason,
        text: await logText(client, id),
      };
    }

    it('one that eats memory', async () => {
      const eater = `exec node -e 'const kept = []; for (let i = 0; i < 24; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 3000)'`;
      const { id, status, reason, text } = await endOf(eater, { resource_size_request: 'X_SMALL' });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
      assert.match(text, /Out of memory: the devbox used 1\.\d\d GiB of 1\.00 GiB/);
      assert.deepEqual(processesWith(id), []);
    });

    it('one that fills its disk', async () => {
      const { status, reason, text } = await endOf('fallocate -l 2100M /workspace/a; sleep 8; exit 3', {
        resource_size_request: 'CUSTOM_SIZE',
        custom_gb_memory: 1,
        custom_disk_size: 2,
      });
      assert.deepEqual([status, reason], ['failure', 'out_of_disk']);
      assert.match(text, /Out of disk/);
    });

    it('one that forks without end, whose processes are all gone then', async () => {
      const bomb = `const { spawn } = require("node:child_process"); for (let i = 0; i < 1400; i++) spawn("sleep", ["9"], { stdio: "ignore" }).on("error", () => 0); setTimeout(() => process.exit(3), 9000)`;
      const { id, status, reason, text } = await endOf(`exec node -e '${bomb}'`, {
        resource_size_request: 'CUSTOM_SIZE',
        custom_gb_memory: 0.5,
      });
      assert.deepEqual([status, reason], ['failure', 'out_of_memory']);
      assert.match(text, /Out of memory for processes: the devbox had 1\d{3} of 1024/);
      await waitFor('no process of it', () => (processesWith(id).length === 0 ? true : undefined));
      const other = await client.devboxes.createAndAwaitRunning({});
      await client.devboxes.shutdown(other.id);
    });
  });
});
