import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { englishPages } from '../../../../src/core/forwarding/forwarderPage';
import { PortForwarder } from '../../../../src/core/ports/portForwarder';
import { eventually } from '../../../eventually';

describe('Heads that are made to confuse', function () {
  this.timeout(120_000);
  let port: Server;
  let forwarder: PortForwarder;
  let fixed: number;
  const held = new Set<Socket>();
  /** What the devbox has got. */
  let got = '';
  let says: (socket: Socket) => void;

  beforeEach(async () => {
    got = '';
    says = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine');
    port = createServer((socket) => {
      held.add(socket);
      socket.on('error', () => undefined).once('close', () => held.delete(socket));
      socket.on('data', (data) => (got += data.toString('latin1')));
      socket.once('data', () => says(socket));
    });
    port.listen(0, '127.0.0.1');
    await once(port, 'listening');
    const origin = `http://127.0.0.1:${(port.address() as AddressInfo).port}`;
    forwarder = new PortForwarder({
      target: () => Promise.resolve({ origin, tunnelToken: 'secret' }),
      onDoubt: () => undefined,
      onInput: () => undefined,
      onOther: () => undefined,
      page: (why) => englishPages(why, undefined),
      answerMs: 500,
      stalledMs: 500,
    });
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    fixed = (free.address() as AddressInfo).port;
    free.close();
    await once(free, 'close');
    await forwarder.forwardTo({ devboxId: 'dbx_1', port: 80 }, fixed);
  });
  afterEach(() => {
    forwarder.dispose();
    for (const socket of held) socket.destroy();
    port.close();
  });

  /** All that is answered until the connection ends. */
  async function raw(text: string): Promise<string> {
    const socket = connect(fixed, '127.0.0.1');
    let said = '';
    socket.on('error', () => undefined).on('data', (data) => (said += data.toString('latin1')));
    socket.write(text, 'latin1');
    await once(socket, 'close');
    return said;
  }
  const ask = (line: string, ...hosts: readonly string[]): Promise<string> =>
    raw([line, ...hosts.map((host) => `Host: ${host}`), 'Connection: close', '', ''].join('\r\n'));

  it('on the fixed port: other names, none, two of them, and addresses in the request line', async () => {
    for (const host of [`localhost:${fixed}`, `LOCALHOST:${fixed}`, `127.0.0.1:${fixed}`]) {
      assert.match(await ask('GET / HTTP/1.1', host), /mine$/, host);
    }
    got = '';
    for (const hosts of [
      [`localhost.:${fixed}`],
      [`localhost.evil.example:${fixed}`],
      [`evil.example:${fixed}`],
      [`localhost:${fixed}@evil.example`],
      [`localhost:${fixed + 1}`],
      [`[::ffff:127.0.0.1]:${fixed}`],
      [`0.0.0.0:${fixed}`],
      [`127.1:${fixed}`],
      [`evil.example`, `localhost:${fixed}`],
      [`localhost:${fixed},evil.example`],
      [''],
      [],
    ]) {
      assert.doesNotMatch(await ask('GET / HTTP/1.1', ...hosts), /mine/, hosts.join(' '));
    }
    assert.doesNotMatch(await ask('GET / HTTP/1.0'), /mine/);
    assert.equal(got, '', 'nothing of it reached the devbox');
    for (const path of ['http://evil.example/x', '//evil.example/x', '*', 'evil.example:80', '/\\evil.example/x']) {
      const said = await ask(`GET ${path} HTTP/1.1`, `localhost:${fixed}`, 'evil.example');
      assert.doesNotMatch(said, /evil\.example/, path);
      assert.doesNotMatch(said, /secret/);
    }
    assert.doesNotMatch(got, /host: .*evil/i);
  });

  for (const [what, say] of Object.entries<(socket: Socket) => void>({
    'HTTP/0.9': (socket) => socket.end('<html>hello</html>'),
    'the alert of TLS': (socket) => socket.end(Buffer.from('15030100020228', 'hex')),
    'another protocol that nobody asked for': (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    'a hundred thousand headers': (socket) =>
      socket.write(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(100_000)}\r\nmine`),
    'early answers without an end': (socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => setImmediate(more));
      };
      more();
    },
    'two lengths': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nmine'),
    'a length and pieces': (socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nmine'),
    'a length that is none': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nmine'),
    'a status that is none': (socket) => socket.end('HTTP/1.1 999999 OK\r\nContent-Length: 4\r\n\r\nmine'),
    'status 000': (socket) => socket.end('HTTP/1.1 000 No\r\nContent-Length: 4\r\n\r\nmine'),
    'a line in a header': (socket) =>
      socket.end('HTTP/1.1 200 OK\r\nX: a\nSet-Cookie\x00: b\r\nContent-Length: 4\r\n\r\nmine'),
  })) {
    it(`${what}: a page of ours, and no connection is left`, async () => {
      says = say;
      const said = await ask('GET / HTTP/1.1', `localhost:${fixed}`);
      assert.match(said, /^HTTP\/1\.1 (?:502|503|504) /, said.slice(0, 200));
      assert.doesNotMatch(said, /mine|secret/);
      await eventually(
        () => Promise.resolve(held.size),
        (count) => count === 0,
      );
    });
  }

  it('pieces that are none: what came before them is never taken for the whole', async () => {
    for (const pieces of [
      'ZZ\r\n',
      '5\r\nmine',
      'ffffffffffffffffff\r\n',
      '4\r\nmineX\r\n0\r\n\r\n',
      '4;\x00\r\nmine\r\n',
    ]) {
      says = (socket) => socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}`);
      const said = await ask('GET / HTTP/1.1', `localhost:${fixed}`);
      assert.doesNotMatch(said, /\r\n0\r\n\r\n$/, pieces);
    }
  });
});
