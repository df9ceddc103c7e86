import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';
import { eventually } from '../../../eventually';

/** A devbox that is looked at byte by byte. */
class RawDevbox {
  readonly asked: string[] = [];
  readonly sockets = new Set<Socket>();
  /** What it says to a request; undefined: nothing. */
  answer: (request: string) => string | undefined = () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  readonly server: Server;

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const request = data.toString('latin1');
        this.asked.push(request);
        const said = this.answer(request);
        if (said === undefined) return;
        socket.write(said, 'latin1');
        if (!/content-length|transfer-encoding/i.test(said)) socket.end();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

describe('requests to the forwarder', function () {
  this.timeout(20_000);
  let a: RawDevbox;
  let b: RawDevbox;
  let forwarder: LoopbackForwarder;
  let atA: URL;
  let atB: URL;
  const browsers = new Set<Socket>();

  beforeEach(async () => {
    a = new RawDevbox();
    b = new RawDevbox();
    forwarder = new LoopbackForwarder();
    atA = new URL(await forwarder.originFor('dbx_a', { origin: await a.start(), tunnelToken: 'token-of-a' }));
    atB = new URL(await forwarder.originFor('dbx_b', { origin: await b.start(), tunnelToken: 'token-of-b' }));
  });
  afterEach(() => {
    forwarder.dispose();
    for (const socket of browsers) socket.destroy();
    a.stop();
    b.stop();
  });

  /** Sends this and gives what has come once it is as awaited. */
  const sent = async (text: string, until: RegExp | 'end', port = atA.port): Promise<string> => {
    const { got } = browser(text, port);
    return eventually(
      () => Promise.resolve(got()),
      (all) => (until === 'end' ? all.endsWith('<end>') : until.test(all)),
    );
  };
  const browser = (text: string, port = atA.port): { readonly socket: Socket; got: () => string } => {
    const socket = connect(Number(port), '127.0.0.1');
    browsers.add(socket);
    let all = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => (all += data.toString('latin1')));
    socket.once('close', () => (all += '<end>'));
    socket.write(text, 'latin1');
    return { socket, got: () => all };
  };
  const get = (path: string, host: string, ...lines: readonly string[]): string =>
    `${[`GET ${path} HTTP/1.1`, `Host: ${host}`, ...lines].join('\r\n')}\r\n\r\n`;

  it('are answered in order on one connection, those with another name by nobody', async () => {
    a.answer = (request) => {
      const path = /^GET (\S+)/.exec(request)?.[1] ?? '';
      return `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
    };
    const all = await sent(
      get('/one', atA.host) +
        get('/two', atA.host) +
        get('/three', atB.host) +
        get('/four', atA.host, 'Connection: close'),
      'end',
    );
    // A page of our own ends the connection, so that what was asked behind it is not answered by anybody else.
    assert.deepEqual(
      [...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ['200', '200', '404'],
    );
    assert.ok(all.indexOf('/one') < all.indexOf('/two'));
    assert.deepEqual(b.asked, []);
  });

  it('that were sent without waiting all end with their devbox', async () => {
    a.answer = () => undefined;
    browser(get('/slow', atA.host) + get('/slower', atA.host));
    await eventually(
      () => Promise.resolve(a.asked.length),
      (count) => count === 2,
    );
    forwarder.forget('dbx_a');
    await eventually(
      () => Promise.resolve(a.sockets.size),
      (count) => count === 0,
    );
  });

  it('are kept alive for the next one', async () => {
    const { socket, got } = browser(get('/one', atA.host));
    await eventually(
      () => Promise.resolve(got()),
      (all) => all.endsWith('ok'),
    );
    socket.write(get('/two', atA.host, 'Connection: close'));
    const all = await eventually(
      () => Promise.resolve(got()),
      (text) => text.endsWith('<end>'),
    );
    assert.equal([...all.matchAll(/200 OK/g)].length, 2);
  });

  for (const [name, host] of Object.entries({
    'no host': undefined,
    'an empty host': '',
    'a name without the label': 'localhost',
    'a label that is longer': 'LABELx.localhost',
    'a label with something before it': 'x.LABEL.localhost',
    'something behind the name': 'LABEL.localhost.evil.example',
    'a host with a user': 'x@LABEL.localhost',
    'a host with a path': 'LABEL.localhost/x',
    'two hosts in one': 'LABEL.localhost, evil.example',
    'this computer\u2019s address': '127.0.0.1',
    'a port that is none': 'LABEL.localhost:x',
  })) {
    it(`reach nobody with ${name}`, async () => {
      const label = atA.hostname.replace('.localhost', '');
      const line = host === undefined ? '' : `Host: ${host.replace('LABEL', label)}\r\n`;
      const all = await sent(`GET /x HTTP/1.1\r\n${line}Connection: close\r\n\r\n`, 'end');
      assert.match(all, /^HTTP\/1\.1 (?:400|404) /);
      assert.ok(!all.includes('token'));
      assert.deepEqual([...a.asked, ...b.asked], []);
    });
  }

  it('reach their devbox in whatever letters and at whatever port the name is written', async () => {
    const { hostname } = atA;
    for (const host of [hostname.toUpperCase(), hostname, `${hostname}:80`]) {
      assert.match(await sent(get('/x', host, 'Connection: close'), 'end'), /200 OK[^]*ok<end>$/);
    }
  });

  it('with two hosts go to the first, and only with its token', async () => {
    const all = await sent(get('/x', atA.host, `Host: ${atB.host}`, 'Connection: close'), 'end');
    assert.match(all, /^HTTP\/1\.1 (?:200|400) /);
    assert.deepEqual(b.asked, []);
  });

  it('of an old browser, and answers of an old server, are carried as well', async () => {
    a.answer = () => 'HTTP/1.0 200 OK\r\n\r\nold body';
    const old = await sent(`GET /x HTTP/1.0\r\nHost: ${atA.host}\r\n\r\n`, 'end');
    assert.match(old, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(old.endsWith('\r\n\r\nold body<end>'), old);
    assert.doesNotMatch(old, /transfer-encoding: chunked/i);
    const fresh = await sent(get('/x', atA.host, 'Connection: close'), 'end');
    assert.match(fresh, /old body/);
    a.answer = () => 'HTTP/1.0 404 No\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\ngone';
    assert.match(await sent(get('/x', atA.host, 'Connection: close'), 'end'), /^HTTP\/1\.1 404 No[^]*gone<end>$/);
  });

  it('carry headers of the size that browsers and servers take, and refuse larger ones', async () => {
    const cookie = `big=${'c'.repeat(12_000)}`;
    a.answer = () => `HTTP/1.1 200 OK\r\nX-Big: ${'d'.repeat(12_000)}\r\nContent-Length: 2\r\n\r\nok`;
    const all = await sent(get('/x', atA.host, `Cookie: ${cookie}`, 'Connection: close'), 'end');
    assert.match(all, /X-Big: d{12000}\r\n/);
    assert.ok(a.asked.join('').includes(cookie));
    assert.match(await sent(get('/x', atA.host, `Cookie: ${'c'.repeat(40_000)}`), 'end'), /^HTTP\/1\.1 431 /);
    assert.match(await sent(get(`/${'p'.repeat(12_000)}`, atA.host, 'Connection: close'), 'end'), /200 OK/);
  });

  it('carry cookies as they are, both ways and in a page in a page with what that needs', async () => {
    a.answer = () =>
      'HTTP/1.1 200 OK\r\nSet-Cookie: one=1; SameSite=Strict; HttpOnly\r\nSet-Cookie: two=2; Path=/x\r\nContent-Length: 0\r\n\r\n';
    const plain = await sent(get('/x', atA.host, 'Cookie: a=1; b="2"', 'Connection: close'), 'end');
    assert.deepEqual(
      [...plain.matchAll(/Set-Cookie: (.*)\r/g)].map(([, cookie]) => cookie),
      ['one=1; SameSite=Strict; HttpOnly', 'two=2; Path=/x'],
    );
    assert.match(a.asked.at(-1) ?? '', /Cookie: a=1; b="2"\r\n/i);
    const framed = await sent(get('/x', atA.host, 'Sec-Fetch-Dest: iframe', 'Connection: close'), 'end');
    assert.deepEqual(
      [...framed.matchAll(/Set-Cookie: (.*)\r/g)].map(([, cookie]) => cookie),
      ['one=1; HttpOnly; SameSite=None; Secure; Partitioned', 'two=2; Path=/x; SameSite=None; Secure; Partitioned'],
    );
  });

  it('for a hidden address tell no devbox of it, however it is asked for', async () => {
    const hidden = new URL((await forwarder.hide(`${atA.origin}/?tkn=token-of-vscode`, 'tkn')) ?? '');
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x'];
    for (const { host, port } of [atA, atB]) {
      for (const text of [
        get(hidden.pathname, host, ...upgrade),
        get(hidden.pathname, host, 'Connection: close').replace('GET', 'POST'),
        get(hidden.pathname, host, 'Connection: close').replace('GET', 'HEAD'),
        get(hidden.pathname, host, 'Connection: close').replace('GET', 'OPTIONS'),
      ]) {
        const all = await sent(text, 'end', port);
        assert.match(all, /^HTTP\/1\.1 404 /, text);
        assert.ok(!all.includes('token-of'), all);
      }
    }
    assert.deepEqual([...a.asked, ...b.asked], []);
    assert.match(await sent(get(hidden.pathname, atA.host, 'Connection: close'), 'end'), /token-of-vscode/, 'unused');
  });

  it('of a browser that goes on sending behind a whole request are none of the devbox\u2019s', async () => {
    const all = await sent(`${get('/x', atA.host)}garbage\r\n\r\n`, 'end');
    assert.match(all, /400 Bad Request[^]*<end>$/);
    assert.ok(a.asked.every((request) => !request.includes('garbage')));
  });

  for (const [name, text] of Object.entries({
    'a length and chunks':
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    'two lengths': 'Content-Length: 0\r\nContent-Length: 40\r\n\r\nGET /smuggled HTTP/1.1\r\nX: y\r\n\r\n',
    'a folded header': 'X: y\r\n Transfer-Encoding: chunked\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    'chunks that are not the last coding':
      'Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
  })) {
    it(`hide no second one from us: ${name}`, async () => {
      const { got } = browser(`POST /x HTTP/1.1\r\nHost: ${atA.host}\r\n${text}`);
      await eventually(
        () => Promise.resolve(got()),
        (all) => all.includes('HTTP/1.1') || all.endsWith('<end>'),
      );
      assert.ok(
        a.asked.every((request) => !/smuggled/.test(request)),
        a.asked.join('\n'),
      );
    });
  }
});
