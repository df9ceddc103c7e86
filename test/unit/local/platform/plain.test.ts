import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Client, TestPlatform } from './platformProcess';
import { echoServer, eventually, logText, processesWith, send, startPlatform, tunnelHost, whenListening } from './platformProcess';

describe('local platform without namespaces', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform(['--sandbox', 'plain']);
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
    await eventually('both processes', () => (processesWith(mark).length >= 2 ? true : undefined));
    await client.devboxes.shutdown(id);
    assert.deepEqual(processesWith(mark), []);
    assert.ok(!existsSync(root));
  });
});
