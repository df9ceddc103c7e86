import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LoopbackForwarder } from '../../../../src/core/vscode/loopbackForwarder';
import { eventually } from '../../../eventually';

/** The devbox answers nothing until it is told to. */
describe('connections through the forwarder', () => {
  let devbox: Server;
  let forwarder: LoopbackForwarder;
  let entrance: URL;
  const held = new Set<Socket>();
  let seen = '';

  beforeEach(async () => {
    seen = '';
    devbox = createServer((socket) => {
      held.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => (seen += data.toString('latin1')));
      socket.once('close', () => held.delete(socket));
    });
    await new Promise<void>((resolve) => devbox.listen(0, '127.0.0.1', resolve));
    forwarder = new LoopbackForwarder();
    const origin = `http://127.0.0.1:${(devbox.address() as AddressInfo).port}`;
    entrance = new URL(await forwarder.originFor('dbx_1', { origin, tunnelToken: 'secret' }));
  });
  afterEach(() => {
    forwarder.dispose();
    for (const socket of held) socket.destroy();
    devbox.close();
  });

  const browser = async (text: string): Promise<Socket> => {
    const socket = connect({ port: Number(entrance.port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.write(text.replace('HOST', entrance.host));
    await eventually(
      () => Promise.resolve(held.size),
      (count) => count > 0,
    );
    await eventually(
      () => Promise.resolve(seen),
      (text) => text.includes('\r\n\r\n'),
    );
    return socket;
  };
  /** Its end, with an error or without. */
  const closing = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));
  const webSocket = 'GET /s HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const gone = async (): Promise<unknown> =>
    eventually(
      () => Promise.resolve(held.size),
      (count) => count === 0,
      5_000,
    );

  for (const [kind, text] of Object.entries({
    'a WebSocket': webSocket,
    'a WebSocket with bytes behind it': `${webSocket}early`,
    'a page': 'GET /p HTTP/1.1\r\nHost: HOST\r\n\r\n',
    'an upload': 'POST /p HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1000\r\n\r\nhalf',
  })) {
    for (const [how, end] of Object.entries<(socket: Socket) => void>({
      'closes it': (socket) => socket.destroy(),
      'breaks it': (socket) => socket.resetAndDestroy(),
      'is told that the devbox was let go': () => forwarder.forget('dbx_1'),
      'is told that the forwarder ended': () => forwarder.dispose(),
    })) {
      it(`${kind} that the devbox has not answered ends when the browser ${how}`, async () => {
        const socket = await browser(text);
        end(socket);
        await gone();
        socket.destroy();
      });
    }
  }

  it('a WebSocket whose browser says goodbye before the answer ends', async () => {
    const socket = await browser(webSocket);
    socket.end();
    await gone();
    socket.destroy();
  });

  it('hands on what a browser sent before the devbox agreed, in order and once', async () => {
    const socket = await browser(`${webSocket}one `);
    socket.write('two ');
    await eventually(
      () => Promise.resolve(socket.bytesWritten),
      (count) => count > webSocket.length + 4,
    );
    const [remote] = [...held];
    remote?.write('HTTP/1.1 101 Ok\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    socket.write('three');
    await eventually(
      () => Promise.resolve(seen),
      (text) => text.endsWith('\r\n\r\none two three'),
    );
    // Half closed by the devbox: its end comes through, and what the browser still says is for nobody.
    remote?.end();
    await once(socket, 'end');
    await gone();
    socket.destroy();
  });

  const agreed = 'HTTP/1.1 101 Ok\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  for (const [how, end] of Object.entries<(socket: Socket) => void>({
    closes: (socket) => socket.destroy(),
    breaks: (socket) => socket.resetAndDestroy(),
  })) {
    it(`a WebSocket that is open ends on the other side as well when one ${how} it`, async () => {
      for (const isBrowser of [true, false]) {
        seen = '';
        const socket = await browser(webSocket);
        const [remote] = [...held];
        remote?.write(agreed);
        await once(socket, 'data');
        const closed = closing(socket);
        end(isBrowser ? socket : (remote ?? assert.fail()));
        // A browser that is told of an end closes by itself.
        socket.once('end', () => socket.end());
        await gone();
        await closed;
      }
    });
  }

  it('a WebSocket whose browser reads no more does not stay for ever when the devbox has ended it', async () => {
    forwarder.dispose();
    forwarder = new LoopbackForwarder({ stalledMs: 200 });
    const origin = `http://127.0.0.1:${(devbox.address() as AddressInfo).port}`;
    entrance = new URL(await forwarder.originFor('dbx_1', { origin, tunnelToken: 'secret' }));
    const socket = await browser(webSocket);
    const [remote] = [...held];
    remote?.write(agreed);
    await once(socket, 'data');
    socket.pause();
    // More than all that is between them holds, so that the end behind it is not heard.
    remote?.end(Buffer.alloc(50_000_000));
    await gone();
    socket.destroy();
  });

  it('takes no more than so much of a browser before the devbox has agreed', async () => {
    const socket = await browser(webSocket);
    const closed = closing(socket);
    for (let sent = 0; sent < 64 && !socket.destroyed; sent += 1) {
      socket.write(Buffer.alloc(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    await gone();
  });

  it('waits through no interim answers without an end', async () => {
    const socket = await browser('GET /p HTTP/1.1\r\nHost: HOST\r\n\r\n');
    const [remote] = [...held];
    remote?.write('HTTP/1.1 103 Early\r\n\r\n'.repeat(100));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 502 /);
    socket.destroy();
    await gone();
  });

  it('tells a devbox nothing of the connection before it, and no token but the tunnel\u2019s', async () => {
    const socket = await browser(
      'GET /p?a=%2e%2e/../b HTTP/1.1\r\nHost: HOST\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nProxy-Authorization: Basic x\r\nX-Runloop-Tunnel-Authorization: Bearer other\r\nExpect: 100-continue\r\n\r\n',
    );
    assert.match(seen, /^GET \/p\?a=%2e%2e\/\.\.\/b HTTP\/1\.1\r\n/);
    assert.match(seen, /X-Runloop-Tunnel-Authorization: Bearer secret\r\n/);
    assert.doesNotMatch(seen, /x-mine|proxy-authorization|expect|other/i);
    socket.destroy();
  });
});
