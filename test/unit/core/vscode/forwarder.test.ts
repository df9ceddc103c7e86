import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { WebSocket, WebSocketServer } from 'ws';
import { loopbackLookup } from '../../../../src/core/http/loopback';
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';

describe('the loopback forwarder', () => {
  const forwarder = new LoopbackForwarder();
  const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  let service: Server;
  let sockets: WebSocketServer;
  let origin: string;
  let entrance: string;

  before(async () => {
    service = createServer((incoming, response) => {
      seen.push({ url: incoming.url, headers: incoming.headers });
      response.end('page');
    });
    sockets = new WebSocketServer({ server: service });
    sockets.on('connection', (socket, incoming) => {
      seen.push({ url: incoming.url, headers: incoming.headers });
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    entrance = await forwarder.originFor('dbx_1', { origin, tunnelToken: 'tunnel token' });
  });

  after(() => {
    forwarder.dispose();
    sockets.close();
    service.closeAllConnections();
    service.close();
  });

  const get = (host: string, path = '/'): Promise<number> =>
    new Promise((resolve, reject) => {
      const url = new URL(entrance);
      const sending = request(
        { host: '127.0.0.1', port: url.port, path, headers: { host }, agent: false },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      sending.once('error', reject);
      sending.end();
    });

  it("adds the tunnel's header to pages, and gives the same address for the same devbox", async () => {
    assert.equal(await get(new URL(entrance).host, '/?a=1'), 200);
    const { url, headers } = seen.at(-1) ?? { url: '', headers: {} };
    assert.deepEqual(
      [url, headers['x-runloop-tunnel-authorization'], headers.host],
      ['/?a=1', 'Bearer tunnel token', new URL(origin).host],
    );
    assert.equal(await forwarder.originFor('dbx_1', { origin, tunnelToken: 'tunnel token' }), entrance);
  });

  it('carries WebSockets', async () => {
    const { host, port } = new URL(entrance);
    const socket = new WebSocket(`ws://${host}/socket`, { lookup: loopbackLookup, headers: { origin: entrance } });
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once('open', () => socket.send('hello'));
      socket.once('message', (data: Buffer) => resolve(data.toString()));
      socket.once('error', reject);
    });
    socket.terminate();
    assert.equal(answer, 'echo hello');
    assert.equal(seen.at(-1)?.headers['x-runloop-tunnel-authorization'], 'Bearer tunnel token');
    assert.equal(seen.at(-1)?.headers.origin, origin, port);
  });

  it('serves no other host name, no other place, and nothing once forgotten', async () => {
    const before = seen.length;
    const { port } = new URL(entrance);
    assert.equal(await get(`localhost:${port}`), 404);
    assert.equal(await get(`devbox-${'0'.repeat(32)}.localhost:${port}`), 404);
    assert.equal(await get('evil.example'), 404);
    // Somewhere that would answer, and would see the token.
    const strangers: IncomingHttpHeaders[] = [];
    const stranger = createServer((incoming, response) => {
      strangers.push(incoming.headers);
      response.end('caught');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const elsewhere = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    for (const path of [
      `//${elsewhere}/x`,
      `/\\${elsewhere}/x`,
      `/\\/${elsewhere}/x`,
      `///${elsewhere}/x`,
      `http://${elsewhere}/x`,
      `//user@${elsewhere}/x`,
    ]) {
      assert.equal(await get(new URL(entrance).host, path), 502, path);
    }
    stranger.close();
    assert.deepEqual(strangers, []);
    const refused = await new Promise<string>((resolve) => {
      const raw = connect(Number(port), '127.0.0.1', () =>
        raw.write(`GET / HTTP/1.1\r\nHost: other.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
      );
      raw.once('data', (data: Buffer) => resolve(data.toString()));
    });
    assert.match(refused, /^HTTP\/1\.1 404/);
    assert.equal(seen.length, before);
    forwarder.forget('dbx_1');
    assert.equal(await get(new URL(entrance).host), 503);
    assert.equal(await forwarder.hide(`${entrance}/?tkn=x`, 'tkn'), undefined);
    assert.equal(seen.length, before);
  });

  it('ends pages, WebSockets and ports that are open when their devbox is forgotten, and no others', async () => {
    const open = async (address: string): Promise<WebSocket> => {
      const socket = new WebSocket(address.replace('http', 'ws'), { lookup: loopbackLookup });
      await once(socket, 'open');
      return socket;
    };
    const target = { origin, tunnelToken: 'tunnel token' };
    const other = { origin: origin.replace('127.0.0.1', 'localhost'), tunnelToken: 'other token' };
    const port = await forwarder.singlePortFor('dbx_1', target);
    const [named, single, stays] = [
      await open(await forwarder.originFor('dbx_1', target)),
      await open(`http://127.0.0.1:${port}`),
      await open(await forwarder.originFor('dbx_2', other)),
    ];
    const ended = Promise.all([once(named, 'close'), once(single, 'close')]);
    forwarder.forget('dbx_1');
    await ended;
    await assert.rejects(open(`http://127.0.0.1:${port}`), /503/);
    stays.send('still');
    const [answer] = (await once(stays, 'message')) as [Buffer];
    assert.equal(answer.toString(), 'echo still');
    stays.terminate();
  });
});
