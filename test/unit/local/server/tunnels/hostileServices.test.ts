import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { WebSocket } from 'ws';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { send, tunnelHost, whenListening } from '../../../../platform/tunnelRequests';

/** Answers each path below `/` with the bytes that it is the hexadecimal form of; anything else usually. */
const parrot = `require("net").createServer((c) => {
  c.on("error", () => {});
  c.once("data", (d) => {
    const hex = /^[A-Z]+ \\/([0-9a-f]*)[? ]/.exec(d.toString("latin1"))?.[1] ?? "";
    c.end(hex === "" ? "HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok" : Buffer.from(hex, "hex"));
  });
}).listen(4444, process.env.RUNLOOP_LOCAL_BIND)`;

/** Heads that Node reads, or not, and refuses to write, with what a client is told instead. */
const heads: readonly (readonly [what: string, bytes: string, status: number | 'cut'])[] = [
  ['a status below 100', 'HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n', 502],
  ['the status 0', 'HTTP/1.1 000 x\r\ncontent-length: 0\r\n\r\n', 502],
  ['a status of four digits', 'HTTP/1.1 1000 x\r\ncontent-length: 0\r\n\r\n', 502],
  ['a control character in the reason', 'HTTP/1.1 200 a\u0001b\u007f\r\ncontent-length: 0\r\n\r\n', 200],
  ['bytes above 127 in the reason', 'HTTP/1.1 200 \u00e9\u00ff\r\ncontent-length: 0\r\n\r\n', 200],
  ['announced trailers without chunks', 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\ncontent-length: 2\r\n\r\nok', 200],
  ['a control character in a header', 'HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\ncontent-length: 0\r\n\r\n', 502],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok', 502],
  ['an upgrade that nobody asked for', 'HTTP/1.1 101 x\r\nupgrade: y\r\nconnection: upgrade\r\n\r\n', 502],
  ['only interim answers', 'HTTP/1.1 103 x\r\nlink: y\r\n\r\n'.repeat(50), 502],
  ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le', 502],
  ['no HTTP', '\u0000\u0001\u0002SSH-2.0-x\r\n', 502],
  ['a very long head', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 502],
  ['too short a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 'cut'],
  ['broken chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'cut'],
];

describe('local platform, hostile services behind a tunnel', () => {
  let platform: TestPlatform;
  let client: Client;
  let host: string;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
    const devbox = await client.devboxes.createAndAwaitRunning({
      entrypoint: `exec node -e '${parrot}'`,
      tunnel: {},
    });
    host = tunnelHost(platform, 4444, devbox.tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
  });
  after(async () => {
    await platform.stop();
  });

  it('answers for every head that cannot be sent on, and serves the next request', async () => {
    for (const [what, bytes, status] of heads) {
      const asked = send(platform, host, `/${Buffer.from(bytes, 'latin1').toString('hex')}`.slice(0, 8_000));
      const seen = await asked.then(
        (answer) => answer.status,
        () => 'cut' as const,
      );
      // The hexadecimal form of the longest does not fit into a request: that one is sent by its service in another test.
      assert.equal(seen, bytes.length > 4_000 ? seen : status, what);
      assert.equal((await send(platform, host)).text, 'ok', `after ${what}`);
    }
    assert.doesNotMatch(platform.stderr(), /mistake/);
  });

  it('lets a WebSocket have any answer at all', async () => {
    for (const [, bytes] of heads.filter(([, text]) => text.length < 4_000)) {
      const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/${Buffer.from(bytes, 'latin1').toString('hex')}`, {
        headers: { host },
      });
      await new Promise<void>((resolve) => socket.once('error', () => resolve()).once('open', () => resolve()));
      socket.terminate();
    }
    assert.equal((await send(platform, host)).text, 'ok');
  });

  it('outlives clients that go away at any moment', async () => {
    await Promise.all(
      Array.from(
        { length: 40 },
        (_, at) =>
          new Promise<void>((resolve) => {
            const socket = connect(platform.port, '127.0.0.1', () => {
              socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
              setTimeout(() => socket.resetAndDestroy(), at / 4);
            });
            socket.on('error', () => undefined).once('close', () => resolve());
          }),
      ),
    );
    assert.equal((await send(platform, host)).text, 'ok');
  });
});
