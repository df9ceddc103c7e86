import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { WebSocket } from 'ws';
import { waitFor } from '../../../eventually';
import { processesWith } from '../../../platform/devboxProcesses';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { send, tunnelHost } from '../../../platform/tunnelRequests';

interface Terminal {
  readonly socket: WebSocket;
  readonly protocol: string;
  text(): string;
  readonly closed: Promise<number>;
}

for (const sandbox of ['auto', 'plain'] as const) {
  describe(`local platform terminals (--sandbox ${sandbox})`, () => {
    let platform: TestPlatform;
    let client: Client;
    let id: string;
    let host: string;
    let token: string;

    before(async () => {
      platform = await startPlatform(['--sandbox', sandbox, '--pty-idle-seconds', '1']);
      client = platform.client();
      ({ id } = await client.devboxes.createAndAwaitRunning({}));
      const tunnel = await client.devboxes.createPtyTunnel(id);
      token = tunnel.auth_token;
      host = tunnelHost(platform, 13, tunnel.tunnel_key);
    });
    after(async () => {
      await platform.stop();
    });

    async function bootstrap(session: string, query = ''): Promise<Record<string, unknown>> {
      const answer = await send(platform, host, `/pty/${session}${query}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(answer.status, 200, answer.text);
      return JSON.parse(answer.text) as Record<string, unknown>;
    }

    async function control(session: string, body: unknown): Promise<number> {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (
        await send(platform, host, `/pty/${session}/control`, { method: 'POST', headers, body: JSON.stringify(body) })
      ).status;
    }

    function attach(path: string, protocol = token): Promise<Terminal> {
      return new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${platform.port}${path}`, protocol, { headers: { host } });
        let text = '';
        socket.on('message', (data: Buffer, binary) => (text += binary ? data.toString() : ''));
        const closed = new Promise<number>((done) => socket.once('close', done));
        socket.once('error', reject);
        socket.once('open', () => resolve({ socket, protocol: socket.protocol, text: () => text, closed }));
      });
    }

    const seen = (terminal: Terminal, what: RegExp): Promise<true> =>
      waitFor(String(what), () => (what.test(terminal.text()) ? true : undefined));

    it('gives a real terminal of the asked size, takes sizes and signals, and says when the shell ends', async () => {
      const made = await bootstrap('first', '?cols=100&rows=30');
      assert.deepEqual(
        { ...made, connect_url: '' },
        {
          session_name: 'first',
          status: 'ready',
          protocol_version: '1',
          connect_url: '',
          created: true,
          attached: false,
          cols: 100,
          rows: 30,
          idle_ttl_seconds: 1,
        },
      );
      const terminal = await attach(String(made['connect_url']));
      assert.equal(terminal.protocol, token);
      terminal.socket.send(Buffer.from('stty size; test -t 0 && echo "is $(tty)"\r'));
      await seen(terminal, /[\r\n]30 100\r\nis \/dev\/pts\/\d+\r\n/);
      assert.equal(await control('first', { action: 'resize', cols: 132, rows: 43 }), 200);
      terminal.socket.send('trap "echo resized" WINCH; stty size\r');
      await seen(terminal, /[\r\n]43 132\r\n/);
      assert.equal(await control('first', { action: 'resize', cols: 0, rows: 43 }), 400);
      assert.equal(await control('first', { action: 'signal', signal: 'SIGNOTHING' }), 400);
      terminal.socket.send('sleep 300; echo "ended $?"\r');
      await waitFor('sleep', () => (processesWith('sleep\x00300').length > 0 ? true : undefined));
      assert.equal(await control('first', { action: 'signal', signal: 'SIGTERM' }), 200);
      await seen(terminal, /ended 143/);
      terminal.socket.send(Buffer.from('cat\r'));
      await seen(terminal, /cat\r\n/);
      terminal.socket.send(Buffer.from([3]));
      // What is typed before the prompt is back would be flushed with the interrupt.
      await seen(terminal, /\^C[^]*[#$] $/);
      terminal.socket.send(Buffer.from('exit\r'));
      assert.equal(await terminal.closed, 4000);
      assert.equal((await bootstrap('first'))['created'], true);
      assert.equal(await control('first', { action: 'close' }), 200);
      assert.equal(await control('first', { action: 'close' }), 404);
    });

    it('lets one client in at a time, keeps the shell for the next one, and ends it when nobody comes', async () => {
      const { connect_url: url } = await bootstrap('kept');
      const one = await attach(String(url));
      assert.equal((await bootstrap('kept'))['attached'], true);
      await assert.rejects(attach(String(url)), /409/);
      one.socket.send('MARK=$((40+2)); echo set\r');
      await seen(one, /[\r\n]set\r\n/);
      one.socket.close();
      await one.closed;
      await waitFor('detached', async () => ((await bootstrap('kept'))['attached'] === false ? true : undefined));
      const again = await attach(String(url));
      again.socket.send('echo "mark $MARK"\r');
      await seen(again, /mark 42/);
      again.socket.close();
      await waitFor('the end of the shell', async () =>
        (await control('kept', { action: 'signal', signal: 'SIGWINCH' })) === 404 ? true : undefined,
      );
    });

    it('asks for the token, and knows its paths', async () => {
      assert.equal((await send(platform, host, '/pty/x')).status, 401);
      await assert.rejects(attach('/pty/x/attach', 'wrong'), /401/);
      const headers = { 'x-runloop-tunnel-authorization': `Bearer ${token}` };
      assert.equal((await send(platform, host, '/pty/a%20b', { headers })).status, 400);
      assert.equal((await send(platform, host, '/other', { headers })).status, 404);
      const direct = await attach('/pty/direct/attach?cols=90&rows=20');
      direct.socket.send('stty size\r');
      await seen(direct, /[\r\n]20 90\r\n/);
      direct.socket.terminate();
    });
  });
}

describe('local platform terminals over the SDK, and suspends', () => {
  it("answers the SDK on the terminals' own address, and closes them on suspend", async () => {
    const platform = await startPlatform();
    try {
      const client = platform.client();
      const { id } = await client.devboxes.createAndAwaitRunning({});
      const { tunnel_key: key, auth_token: token } = await client.devboxes.createPtyTunnel(id);
      const address = tunnelHost(platform, 13, key);
      const { pty } = new RunloopSDK({
        baseURL: platform.baseUrl,
        bearerToken: token,
        maxRetries: 0,
        http2: false,
        defaultHeaders: { host: address },
      }).api;
      const { created } = await pty.connect('sdk', { cols: 81, rows: 25 });
      assert.equal(created, true);
      const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/pty/sdk/attach`, token, {
        headers: { host: address },
      });
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      assert.equal((await pty.control('sdk', { action: 'resize', cols: 90, rows: 30 })).session_name, 'sdk');
      await client.devboxes.suspend(id);
      assert.equal(await closed, 1001);
      await client.devboxes.awaitSuspended(id);
      await assert.rejects(pty.connect('sdk', {}), /503/);
      await client.devboxes.resume(id);
      await client.devboxes.awaitRunning(id).catch(() => undefined);
      await waitFor('a fresh shell', async () => (await pty.connect('sdk', {}).catch(() => undefined))?.created);
    } finally {
      await platform.stop();
    }
  });
});
