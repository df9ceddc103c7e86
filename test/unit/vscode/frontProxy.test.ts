import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'mocha';
import { WebSocket, WebSocketServer } from 'ws';
import { FrontProxy, PortInUse } from '../../vscode/frontProxy';

describe('the front proxy of npm start', () => {
  const behind = createServer((incoming, answer) => {
    incoming.resume();
    answer.setHeader('x-path', incoming.url ?? '').end(`Host ${incoming.headers.host ?? ''}`);
  });
  const sockets = new WebSocketServer({ server: behind });
  let folder = '';
  let proxy: FrontProxy;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-front-proxy-'));
    sockets.on('connection', (socket) =>
      socket.on('message', (data) =>
        socket.send(Buffer.concat([Buffer.from('echo '), Buffer.isBuffer(data) ? data : Buffer.alloc(0)])),
      ),
    );
    behind.listen(0, '127.0.0.1');
    await once(behind, 'listening');
    proxy = await start();
  });

  after(async () => {
    await proxy.dispose();
    sockets.close();
    behind.close();
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<FrontProxy> {
    const started = await FrontProxy.start({ port: 0, keyFile: join(folder, 'key') });
    const address = behind.address();
    assert.ok(address !== null && typeof address === 'object');
    started.target = address.port;
    return started;
  }

  async function ask(path: string, options: RequestOptions = {}): Promise<IncomingMessage & { body: Buffer }> {
    const asking = request(`${proxy.origin}${path}`, { agent: false, ...options }).end();
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      asking.on('response', resolve).on('error', reject),
    );
    return Object.assign(answer, { body: await buffer(answer) });
  }

  /** The first value of an event. */
  async function first(emitter: WebSocket, event: string): Promise<unknown> {
    return await new Promise((resolve) => emitter.once(event, resolve));
  }

  it('passes requests on with path and Host as they are', async () => {
    const answer = await ask('/a%20b?c=%2F');
    assert.equal(answer.headers['x-path'], '/a%20b?c=%2F');
    assert.equal(answer.body.toString(), `Host ${new URL(proxy.origin).host}`);
  });

  it('passes WebSockets on, but not those of other sites', async () => {
    const address = proxy.origin.replace('http', 'ws');
    const own = new WebSocket(address, { headers: { origin: proxy.origin } });
    await once(own, 'open');
    own.send('hello');
    assert.equal(String(await first(own, 'message')), 'echo hello');
    own.close();
    await once(own, 'close');

    const foreign = new WebSocket(address, { headers: { origin: 'http://other.example' } });
    assert.match(String(await first(foreign, 'error')), /403/);
  });

  it('gives the page the same 32 bytes each time, also after a restart, and keeps them private', async () => {
    const minted = await ask('/mint-key', { method: 'POST', headers: { origin: proxy.origin } });
    assert.equal(minted.body.length, 32);
    await proxy.dispose();
    proxy = await start();
    const again = await ask('/mint-key', { method: 'POST' });
    assert.deepEqual(again.body, minted.body);
    assert.equal((await stat(join(folder, 'key'))).mode & 0o777, 0o600);
  });

  it('refuses the requests of other sites and of names that lead here', async () => {
    const foreignOrigin = await ask('/mint-key', { method: 'POST', headers: { origin: 'http://other.example' } });
    assert.equal(foreignOrigin.statusCode, 403);
    assert.equal((await ask('/', { headers: { host: 'rebound.example' } })).statusCode, 403);
  });

  it('says so when its port is taken', async () => {
    const port = Number(new URL(proxy.origin).port);
    await assert.rejects(FrontProxy.start({ port, keyFile: join(folder, 'key') }), PortInUse);
  });
});
