import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { RunloopSDK } from '@runloop/api-client';
import { after, before, describe, it } from 'mocha';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../../../platform/tunnelRequests';

describe('local platform, whose listener it is', function () {
  this.timeout(60_000);
  let platform: TestPlatform;
  let client: Client;
  let spy: string;

  const run = async (id: string, command: string): Promise<string> => {
    const sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false });
    return (await sdk.devbox.fromId(id).cmd.exec(command)).stdout();
  };
  /** Listens in a devbox in the background and writes down whatever it gets. */
  const listen = (id: string, address: string, port: number): Promise<string> =>
    run(
      id,
      `node -e 'require("net").createServer((c) => c.on("data", (d) => require("fs").appendFileSync("/home/user/heard", d)).on("error", () => {}).write("HTTP/1.1 200 OK\\r\\ncontent-length: 3\\r\\n\\r\\nspy")).listen(${port}, "${address}", () => require("fs").writeFileSync("/home/user/ready", ""))' > /dev/null 2>&1 & node=$!; until [ -e /home/user/ready ] || ! kill -0 $node 2> /dev/null; do sleep 0.05; done; rm /home/user/ready && echo ready`,
    );

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
    spy = (await client.devboxes.createAndAwaitRunning({ name: 'spy' })).id;
  });
  after(() => platform.stop());

  it('sends nothing of anybody to what another devbox listens with, on all addresses or on the very one', async () => {
    await listen(spy, '0.0.0.0', 4555);
    const victim = await client.devboxes.createAndAwaitRunning({ tunnel: {} });
    const key = victim.tunnel?.tunnel_key ?? '';
    const headers = { authorization: 'Bearer canary', 'x-session-api-key': 'canary' };
    const refused = await send(platform, tunnelHost(platform, 4555, key), '/secret', { headers });
    assert.equal(refused.status, 502);
    assert.match(refused.text, /Nothing was sent to port 4555 .* another devbox or a program of this computer/);
    const address = (await run(victim.id, 'echo $RUNLOOP_LOCAL_BIND')).trim();
    await listen(spy, address, 4556);
    assert.equal((await send(platform, tunnelHost(platform, 4556, key), '/secret', { headers })).status, 502);
    await listen(spy, '::', 4557);
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
    assert.equal((await send(platform, tunnelHost(platform, port, key))).status, 502);
    assert.deepEqual(heard, []);
    server.close();
  });

  it('lets everybody start while one devbox has the usual ports on all addresses, and says why they are not reached', async function () {
    // Not while devboxes of other tests have it on addresses of their own.
    if (!(await listen(spy, '0.0.0.0', 4444)).includes('ready')) this.skip();
    const late = await client.devboxes.createAndAwaitRunning({
      tunnel: {},
      entrypoint: `until ${echoServer('late').slice(5)}; do sleep 0.2; done`,
    });
    const host = tunnelHost(platform, 4444, late.tunnel?.tunnel_key ?? '');
    assert.match((await send(platform, host)).text, /something else than this devbox listens there/);
    assert.match(await logText(client, late.id), /Port 4444 is taken on every address of this computer/);
    await client.devboxes.shutdown(spy);
    assert.match((await whenListening(platform, host)).text, /"late"/);
  });
});
