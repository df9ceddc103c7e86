import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { send, tunnelHost } from '../../../../platform/tunnelRequests';
import { ownNetwork } from '../../../../run/ownNetwork';
import { skip } from '../../../../run/skip';
import { listen, outputOf } from './listener';

describe('local platform, whose listener it is', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let client: Client;
  let spy: string;

  const run = (id: string, command: string): Promise<string> => outputOf(platform, id, command);

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
    spy = (await client.devboxes.createAndAwaitRunning({ name: 'spy' })).id;
  });
  after(() => platform.stop());

  it('sends nothing of anybody to what another devbox listens with, on all addresses or on the very one', async () => {
    await listen(platform, spy, '0.0.0.0', 4555);
    const victim = await client.devboxes.createAndAwaitRunning({ tunnel: {} });
    const key = victim.tunnel?.tunnel_key ?? '';
    const headers = { authorization: 'Bearer canary', 'x-session-api-key': 'canary' };
    const refused = await send(platform, tunnelHost(platform, 4555, key), '/secret', { headers });
    assert.equal(refused.status, 502);
    assert.match(
      refused.text,
      new RegExp(`Nothing was sent to port 4555 .* else than this devbox .*: devbox ${spy}\\.`),
    );
    const address = (await run(victim.id, 'echo $RUNLOOP_LOCAL_BIND')).trim();
    await listen(platform, spy, address, 4556);
    assert.equal((await send(platform, tunnelHost(platform, 4556, key), '/secret', { headers })).status, 502);
    await listen(platform, spy, '::', 4557);
    assert.equal((await send(platform, tunnelHost(platform, 4557, key), '/secret', { headers })).status, 502);
    assert.equal(await run(spy, 'cat /home/user/heard 2> /dev/null'), '');
    // The spy's own tunnel leads there, also from a process namespace further down.
    const { tunnel_key: own } = await client.devboxes.enableTunnel(spy, {});
    assert.equal((await send(platform, tunnelHost(platform, 4555, own))).text, 'spy');
  });

  it('sends nothing to a program of this computer', async () => {
    const heard: string[] = [];
    const server = createServer((socket) => socket.on('data', (data) => heard.push(data.toString())));
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { tunnel_key: key } = (await client.devboxes.createAndAwaitRunning({ tunnel: {} })).tunnel ?? {
      tunnel_key: '',
    };
    const refused = await send(platform, tunnelHost(platform, port, key));
    assert.equal(refused.status, 502);
    assert.match(refused.text, /listens there: a program of this computer\./);
    assert.deepEqual(heard, []);
    server.close();
  });

  it('lets everybody start while one devbox has the usual ports on all addresses, and says why they are not reached', async function () {
    // Devboxes of other tests, and whatever else this computer runs, may have them here.
    const [command = '', ...words] = ownNetwork;
    if (spawnSync(command, [...words, 'true']).status !== 0) {
      skip(this, 'this computer gives no network of its own');
    }
    const program = 'out/unit/local/server/tunnels/usualPortsProgram.js';
    await promisify(execFile)(command, [...words, process.execPath, '--enable-source-maps', program]);
  });
});
