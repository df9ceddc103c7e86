import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'mocha';
import { WebSocket } from 'ws';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../../platform/testPlatform';
import { tunnelHost, whenListening } from '../../../../platform/tunnelRequests';

describe('local platform tunnels, what flows through them', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
  });

  it('carries WebSockets and streams', async () => {
    // A WebSocket echo by hand: short text frames only, the client's mask taken off.
    const script = `const h = require("http"), c = require("crypto");
      const s = h.createServer((q, r) => { r.write("first"); q.on("data", (d) => r.end(d)); });
      s.on("upgrade", (q, k) => {
        const a = c.createHash("sha1").update(q.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
        k.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + a + "\\r\\n\\r\\n");
        k.on("data", (f) => { if ((f[0] & 15) !== 1) return k.end(); const n = f[1] & 127, o = Buffer.alloc(n + 2); o[0] = 129; o[1] = n;
          for (let i = 0; i < n; i++) o[i + 2] = f[6 + i] ^ f[2 + (i & 3)]; k.write(o); });
      });
      s.listen(4445, process.env.RUNLOOP_LOCAL_BIND, () => console.log("listening"));`;
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      entrypoint: `exec node -e '${script}'`,
      tunnel: {},
    });
    const host = tunnelHost(platform, 4445, tunnel?.tunnel_key ?? '');
    await waitFor('the service', async () => ((await logText(client, id)).includes('listening') ? true : undefined));

    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/`, { headers: { host } });
    const echoed = await new Promise<string>((resolve, reject) => {
      socket.once('open', () => socket.send('through and back'));
      socket.once('message', (data: Buffer) => resolve(data.toString()));
      socket.once('error', reject);
    });
    assert.equal(echoed, 'through and back');
    socket.terminate();

    const refused = new WebSocket(`ws://127.0.0.1:${platform.port}/`, {
      headers: { host: tunnelHost(platform, 9, tunnel?.tunnel_key ?? '') },
    });
    await assert.rejects(new Promise((resolve, reject) => refused.once('open', resolve).once('error', reject)), /502/);

    // The service answers before it has the request's body: both directions flow at once.
    const { request } = await import('node:http');
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: platform.port, method: 'POST', headers: { host }, agent: false },
        (response) => {
          let all = '';
          response.on('data', (chunk: Buffer) => {
            all += chunk.toString();
            if (all === 'first') {
              sent.end('second');
            }
          });
          response.on('end', () => resolve(all));
        },
      );
      sent.on('error', reject);
      sent.flushHeaders();
    });
    assert.equal(text, 'firstsecond');
    await client.devboxes.shutdown(id);
  });

  it('streams bodies of 128 MiB both ways', async () => {
    const script = `require("http").createServer((q, s) => { s.writeHead(200); q.pipe(s); }).listen(4444, process.env.RUNLOOP_LOCAL_BIND)`;
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      entrypoint: `exec node -e '${script}'`,
      tunnel: {},
    });
    const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
    const size = 128 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const back = await new Promise<number>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: platform.port, method: 'POST', headers: { host, 'content-length': size } },
        (answer) => {
          let bytes = 0;
          answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
          answer.on('end', () => resolve(bytes));
          answer.on('error', reject);
        },
      );
      sent.on('error', reject);
      Readable.from(
        (function* () {
          for (let done = 0; done < size; done += piece.length) yield piece;
        })(),
      ).pipe(sent);
    });
    assert.equal(back, size);
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${platform.pid}/status`, 'utf8'))?.[1]) / 1024;
    assert.ok(resident < 250, `${Math.round(resident)} MiB`);
    await client.devboxes.shutdown(id);
  });
});
