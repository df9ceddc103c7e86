import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { requestText } from '../../../../src/core/http/httpRequest';
import { startRequest } from '../../../../src/core/http/network';
import { proxyEndpoint } from '../../../../src/core/http/proxyTunnel';
import { openWebSocket, WebSocketLink } from '../../../../src/core/http/webSocket';

/** Nobody's: what is asked of it is asked of the proxy. */
const [secure, plain] = ['https://api.example.test/x', 'http://pty.example.test/x'];
const variables = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

describe('a tunnel through a proxy', function () {
  this.timeout(20_000);
  let server: Server;
  let says: string | undefined;
  let connected: Socket[] = [];
  const earlier: Record<string, string | undefined> = {};

  before(async () => {
    server = createServer((socket) => {
      connected.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (says !== undefined) socket.write(says);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    for (const name of variables) {
      earlier[name] = process.env[name];
      Reflect.deleteProperty(process.env, name);
    }
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    Object.assign(process.env, { http_proxy: address, https_proxy: address });
    connected = [];
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(earlier)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    for (const socket of connected) socket.destroy();
  });
  after(() => void server.close());

  const ways: Readonly<Record<string, (signal: AbortSignal, timeoutMs: number) => Promise<unknown>>> = {
    'a request': (signal, timeoutMs) => requestText(new URL(secure), { timeoutMs, signal }),
    'a WebSocket': (signal, timeoutMs) =>
      openWebSocket(
        new URL(plain),
        { headers: {}, protocol: 'p', timeoutMs, signal, devboxId: 'dbx_1' },
        { onMessage: () => undefined, onEnd: () => undefined },
      ),
  };
  for (const [who, ask] of Object.entries(ways)) {
    it(`is given up with ${who} while the proxy says nothing`, async () => {
      says = undefined;
      const stop = new AbortController();
      // Longer than the test may take: it is the signal that ends it.
      const asking = ask(stop.signal, 60_000);
      const [socket] = (await once(server, 'connection')) as [Socket];
      await once(socket, 'data');
      stop.abort();
      await assert.rejects(asking, (error) => RuntimeError.is(error, 'cancelled'));
      if (!socket.destroyed) await once(socket, 'close');
    });

    it(`takes ${who} no longer than that may take`, async () => {
      says = undefined;
      await assert.rejects(ask(new AbortController().signal, 300), (error) => RuntimeError.is(error, 'deadline'));
    });

    for (const status of [403, 302, 300]) {
      it(`that is refused with ${status} leaves nothing open for ${who}`, async () => {
        says = `HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`;
        const asking = ask(new AbortController().signal, 10_000);
        await assert.rejects(asking, new RegExp(`proxy does not allow this connection \\(${status}\\)`));
        const [socket] = connected;
        assert.ok(socket !== undefined);
        if (!socket.destroyed) await once(socket, 'close');
      });
    }
  }

  it('is waited for half a minute where nothing else limits the request', async () => {
    says = undefined;
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const request = startRequest(new URL(secure), { method: 'GET' });
      const failed = once(request, 'error') as Promise<[Error]>;
      request.end();
      const [socket] = (await once(server, 'connection')) as [Socket];
      await once(socket, 'data');
      mock.timers.tick(29_999);
      await setImmediate();
      assert.equal(request.destroyed, false);
      mock.timers.tick(1);
      const [{ message }] = await failed;
      assert.match(message, /proxy did not answer within 30 s/);
      if (!socket.destroyed) await once(socket, 'close');
    } finally {
      mock.timers.reset();
    }
  });

  it('is asked for by an address as addresses are written', async () => {
    says = 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n';
    const asking = requestText(new URL('https://[2001:db8::1]:8443/x'), { timeoutMs: 10_000 });
    const [socket] = (await once(server, 'connection')) as [Socket];
    const [head] = (await once(socket, 'data')) as [Buffer];
    assert.match(head.toString(), /^CONNECT \[2001:db8::1\]:8443 HTTP\/1\.1\r\nHost: \[2001:db8::1\]:8443\r\n/);
    await assert.rejects(asking, /403/);
  });

  for (const status of ['200 OK', '201 Created', '204 No Content']) {
    it(`carries what comes right behind ${status}`, async () => {
      says = `HTTP/1.1 ${status}\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone`;
      const answer = await ways['a WebSocket']?.(new AbortController().signal, 10_000);
      assert.ok(!(answer instanceof WebSocketLink));
      assert.deepEqual(answer, { status: 404, body: 'gone' });
    });
  }
});

describe('where a proxy listens', () => {
  for (const [address, hostname, port, credentials] of [
    ['http://proxy.example', 'proxy.example', 80, undefined],
    ['https://proxy.example', 'proxy.example', 443, undefined],
    ['http://proxy.example:3128', 'proxy.example', '3128', undefined],
    ['https://[::1]:8443', '::1', '8443', undefined],
    ['http://me:p%40ss%3A@proxy.example', 'proxy.example', 80, 'me:p@ss:'],
    ['http://me@proxy.example', 'proxy.example', 80, 'me:'],
    ['http://:word@proxy.example', 'proxy.example', 80, ':word'],
    ['http://me:100%25%@proxy.example', 'proxy.example', 80, 'me:100%25%'],
  ] as const) {
    it(`is read from ${address}`, () => {
      const { options, headers } = proxyEndpoint(new URL(address));
      assert.deepEqual([options.hostname, options.port], [hostname, port]);
      const told = headers['Proxy-Authorization']?.replace(/^Basic /, '');
      assert.equal(told === undefined ? undefined : Buffer.from(told, 'base64').toString(), credentials);
    });
  }
});
