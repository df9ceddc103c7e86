import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { WebSocket } from 'ws';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, runToEnd, startPlatform } from '../../../platform/testPlatform';
import { type Answer, echoServer, send, tunnelHost, whenListening } from '../../../platform/tunnelRequests';

describe('local platform with faults', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform(['--fault-control']);
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
  });

  const control = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await send(platform, `127.0.0.1:${platform.port}`, `/local/faults${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.apiKey}` },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text) as Record<string, unknown>;
  };
  const order = (...rules: unknown[]): Promise<unknown> => control('', { rules });
  beforeEach(() => control('/clear', {}));

  it('is controlled with the key only, and not at all unless asked for', async () => {
    assert.equal((await send(platform, '127.0.0.1', '/local/faults')).status, 401);
    const authorization = `Bearer ${platform.apiKey}`;
    assert.equal((await send(platform, 'evil.example', '/local/faults', { headers: { authorization } })).status, 403);
    const wrong = await send(platform, '127.0.0.1', '/local/faults', {
      method: 'POST',
      headers: { authorization },
      body: '{"rules":[{"fault":"cut","when":1}]}',
    });
    assert.deepEqual([wrong.status, wrong.text.includes('rules.0')], [400, true]);
    const plain = await startPlatform();
    const off = await send(plain, '127.0.0.1', '/local/faults', {
      headers: { authorization: `Bearer ${plain.apiKey}` },
    });
    await plain.stop();
    assert.equal(off.status, 404);
  });

  for (const transport of ['http1', 'http2'] as const) {
    it(`answers with ordered statuses and Retry-After, so often and no more (${transport})`, async () => {
      const own = platform.client(transport);
      await order(
        { fault: 'status', status: 429, retry_after_seconds: 0.01, method: 'GET', path: '/v1/devboxes', count: 1 },
        { fault: 'status', status: 502, path: '/v1/devboxes', skip: 1, count: 1 },
        { fault: 'status', status: 503, should_retry: false, path: '/v1/accounts/me' },
      );
      await assert.rejects(
        own.devboxes.list(),
        (error) =>
          (error as { status: number }).status === 429 &&
          (error as { headers: Record<string, string> }).headers['retry-after'] === '0.01',
      );
      // The second rule sees only what the first let pass.
      await own.devboxes.list();
      await assert.rejects(own.devboxes.list(), /502/);
      await own.devboxes.list();
      await assert.rejects(own.get('/v1/accounts/me'), /503/);
      await assert.rejects(own.get('/v1/accounts/me'), /503/);
    });

    it(`cuts connections before and after a create took effect, and a repeated create makes one devbox (${transport})`, async () => {
      const count = async (name: string): Promise<number> =>
        (await client.devboxes.list({ limit: 100 })).devboxes.filter((devbox) => devbox.name === name).length;
      const own = platform.client(transport);
      const name = `cut ${transport}`;
      await order({ fault: 'cut', method: 'POST', path: '/v1/devboxes', count: 1 });
      await assert.rejects(own.devboxes.create({ name }), /[Cc]onnection/);
      assert.equal(await count(name), 0);
      await order({ fault: 'cut', method: 'POST', path: '/v1/devboxes', count: 1, took_effect: true });
      await assert.rejects(own.devboxes.create({ name }), /[Cc]onnection/);
      assert.equal(await count(name), 1);
      await order(
        { fault: 'cut', method: 'POST', path: '/v1/devboxes', count: 1, took_effect: true },
        { fault: 'status', status: 500, method: 'POST', path: '/v1/devboxes', count: 1, took_effect: true },
      );
      const stubborn = new RunloopSDK({
        baseURL: platform.baseUrl,
        bearerToken: platform.apiKey,
        maxRetries: 3,
        ...(transport === 'http1' ? { http2: false } : {}),
      }).api;
      const devbox = await stubborn.devboxes.create({ name: `${name} again` });
      assert.equal(await count(`${name} again`), 1);
      assert.equal((await client.devboxes.retrieve(devbox.id)).id, devbox.id);
    });
  }

  it('breaks off a stream of events in the middle of one, and an answer half-way', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { launch_commands: ['echo one; echo two; echo three'] },
    });
    await order(
      { fault: 'half_stream', path: '/v1/devboxes/*/logs/tail', events: 2 },
      { fault: 'half_stream', path: '/v1/devboxes/*/logs' },
    );
    const read = async (path: string): Promise<{ text: string; broken: boolean }> => {
      const response = await fetch(`${platform.baseUrl}${path}`, {
        headers: { authorization: `Bearer ${platform.apiKey}` },
      });
      let text = '';
      try {
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          text += Buffer.from(chunk).toString();
        }
        return { text, broken: false };
      } catch {
        // The connection broke: just what was ordered.
        return { text, broken: true };
      }
    };
    const stream = await read(`/v1/devboxes/${id}/logs/tail`);
    assert.equal(stream.broken, true);
    const events = stream.text.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'));
    assert.equal(events.length, 3);
    const dataOf = (event = ''): string => event.slice(event.indexOf('data: ') + 'data: '.length);
    JSON.parse(dataOf(events[1]));
    assert.throws(() => JSON.parse(dataOf(events[2])) as unknown);
    const list = await read(`/v1/devboxes/${id}/logs`);
    assert.equal(list.broken, true);
    assert.match(list.text, /^\{"logs":\[/);
    await client.devboxes.shutdown(id);
  });

  it('fails and holds up boots, kills entrypoints, ends devboxes', async () => {
    await order(
      { fault: 'fail_boot', devbox: 'bad *', stage: 'initializing', reason: 'out_of_disk' },
      { fault: 'slow_boot', devbox: 'slow', delay_ms: 60_000 },
      { fault: 'end_entrypoint', devbox: 'dying', after_ms: 50, exit_code: 9 },
      { fault: 'end_devbox', devbox: 'ending', after_ms: 10, reason: 'out_of_memory' },
    );
    const bad = await client.devboxes.create({ name: 'bad boot' });
    const slow = await client.devboxes.create({ name: 'slow' });
    const dying = await client.devboxes.create({ name: 'dying', entrypoint: 'trap "" TERM; sleep 1000' });
    const ending = await client.devboxes.create({ name: 'ending', entrypoint: 'sleep 1000' });
    const end = async (id: string): Promise<[string, string | null | undefined]> => {
      const devbox = await waitFor('its end', async () => {
        const seen = await client.devboxes.retrieve(id);
        return ['failure', 'shutdown'].includes(seen.status) ? seen : undefined;
      });
      return [devbox.status, devbox.failure_reason ?? devbox.shutdown_reason];
    };
    assert.deepEqual(await end(bad.id), ['failure', 'out_of_disk']);
    assert.deepEqual(await end(dying.id), ['shutdown', 'entrypoint_exit']);
    assert.equal(
      (await client.devboxes.logs.list(dying.id)).logs.some((entry) => entry.exit_code === 9),
      true,
    );
    assert.deepEqual(await end(ending.id), ['failure', 'out_of_memory']);
    assert.equal((await client.devboxes.retrieve(slow.id)).status, 'provisioning');
    await client.devboxes.shutdown(slow.id);
  });

  it('tells the time wrong everywhere, and nothing else', async () => {
    await control('', { clock_skew_ms: -86_400_000, rules: [] });
    const devbox = await client.devboxes.createAndAwaitRunning({
      tunnel: {},
      metadata: { create_time_ms: '5' },
      launch_parameters: { launch_commands: ['echo hello'], keep_alive_time_seconds: 100 },
    });
    const yesterday = Date.now() - 86_400_000;
    const near = (time: unknown): void => assert.ok(Math.abs(Number(time) - yesterday) < 60_000, String(time));
    near(devbox.create_time_ms);
    near(devbox.tunnel?.create_time_ms);
    near(devbox.state_transitions[0]?.transition_time_ms);
    near((await client.devboxes.logs.list(devbox.id)).logs[0]?.timestamp_ms);
    const raw = await send(platform, '127.0.0.1', `/v1/devboxes/${devbox.id}`, {
      headers: { authorization: `Bearer ${platform.apiKey}` },
    });
    near(new Date(raw.headers.date ?? '').getTime());
    assert.deepEqual(
      [devbox.metadata, devbox.launch_parameters.keep_alive_time_seconds],
      [{ create_time_ms: '5' }, 100],
    );
    await client.devboxes.shutdown(devbox.id);
  });

  it('refuses, cuts and drops what goes through tunnels', async () => {
    const devbox = await client.devboxes.createAndAwaitRunning({
      name: 'tunnelled',
      entrypoint: echoServer('t'),
      tunnel: {},
    });
    const host = tunnelHost(platform, 4444, devbox.tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
    await order(
      { fault: 'status', on: 'tunnel', status: 503, retry_after_seconds: 5, port: 4444, devbox: 'tunnelled', count: 1 },
      { fault: 'cut', on: 'tunnel', path: '/cut', count: 1 },
    );
    const asleep = await send(platform, host);
    assert.deepEqual([asleep.status, asleep.headers['retry-after']], [503, '5']);
    await assert.rejects(send(platform, host, '/cut'), /ECONNRESET|hang up/);
    assert.equal((await send(platform, host, '/cut')).status, 200);

    // A long-lived connection of another devbox's tunnel, dropped on order.
    const script = `const s = require("http").createServer((q, r) => r.end()); s.on("upgrade", (q, k) => { const a = require("crypto").createHash("sha1").update(q.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64"); k.on("error", () => 0); k.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + a + "\\r\\n\\r\\n"); }); s.listen(4444, process.env.RUNLOOP_LOCAL_BIND)`;
    const other = await client.devboxes.createAndAwaitRunning({
      name: 'other',
      entrypoint: `exec node -e '${script}'`,
      tunnel: {},
    });
    const otherHost = tunnelHost(platform, 4444, other.tunnel?.tunnel_key ?? '');
    await whenListening(platform, otherHost);
    const open = (): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/`, { headers: { host: otherHost } });
      return new Promise((resolve, reject) => socket.once('open', () => resolve(socket)).once('error', reject));
    };
    const closed = (socket: WebSocket): Promise<number> =>
      new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    const first = await open();
    const firstClosed = closed(first);
    assert.deepEqual(await control('/drop_tunnels', { devbox: 'tunnelled' }), { dropped: 0 });
    assert.deepEqual(await control('/drop_tunnels', { devbox: 'other' }), { dropped: 1 });
    assert.equal(await firstClosed, 1006);
    await order({ fault: 'drop_tunnel', devbox: 'other', after_ms: [20, 60], count: 1 });
    // On a busy computer it may be dropped before the WebSocket has opened.
    assert.equal(await open().then(closed, () => 1006), 1006);
    const lasting = await open();
    lasting.terminate();
    await Promise.all([devbox.id, other.id].map((id) => client.devboxes.shutdown(id)));
  });

  it('lets what goes through a tunnel take effect before it fails', async () => {
    const script = `let n = 0; const s = require("http").createServer((q, r) => { q.resume(); q.on("end", () => r.end(String(n += q.method === "POST"))); }); s.on("upgrade", (q, k) => { n += 100; k.on("error", () => 0); k.end("HTTP/1.1 400 Bad Request\\r\\n\\r\\n"); }); s.listen(4444, process.env.RUNLOOP_LOCAL_BIND)`;
    const devbox = await client.devboxes.createAndAwaitRunning({ entrypoint: `exec node -e '${script}'`, tunnel: {} });
    const host = tunnelHost(platform, 4444, devbox.tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
    const post = (): Promise<Answer> => send(platform, host, '/', { method: 'POST', body: 'x'.repeat(100_000) });
    await order(
      { fault: 'status', on: 'tunnel', status: 503, method: 'POST', took_effect: true, count: 1 },
      { fault: 'cut', on: 'tunnel', method: 'POST', took_effect: true, count: 1 },
      { fault: 'status', on: 'tunnel', status: 500, method: 'POST', count: 1 },
    );
    const failed = await post();
    assert.equal(failed.status, 503);
    assert.match(failed.text, /a fault was ordered/);
    await assert.rejects(post(), /ECONNRESET|hang up/);
    assert.equal((await post()).status, 500);
    // The first two arrived, the third did not.
    assert.equal((await send(platform, host)).text, '2');
    await order({ fault: 'status', on: 'tunnel', status: 503, took_effect: true, count: 1 });
    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/`, { headers: { host } });
    const refused = await new Promise<number | undefined>((resolve, reject) =>
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)).once('open', reject),
    );
    assert.equal(refused, 503);
    assert.equal((await send(platform, host)).text, '102');
    await client.devboxes.shutdown(devbox.id);
  });

  it('takes its orders from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runloop-faults-'));
    const file = join(folder, 'faults.json');
    try {
      writeFileSync(
        file,
        JSON.stringify({ rules: [{ id: 'full', fault: 'status', status: 429, path: '/v1/accounts/me', count: 1 }] }),
      );
      const own = await startPlatform(['--faults', file]);
      const headers = { authorization: `Bearer ${own.apiKey}` };
      const statuses = [
        await send(own, '127.0.0.1', '/v1/accounts/me', { headers }),
        await send(own, '127.0.0.1', '/v1/accounts/me', { headers }),
      ].map(({ status }) => status);
      const report = JSON.parse((await send(own, '127.0.0.1', '/local/faults', { headers })).text) as {
        rules: { id: string; matches: number; strikes: number }[];
      };
      await own.stop();
      assert.deepEqual(statuses, [429, 200]);
      assert.deepEqual([report.rules[0]?.id, report.rules[0]?.matches, report.rules[0]?.strikes], ['full', 2, 1]);
      writeFileSync(file, '{"rules":[{"fault":"nonsense"}]}');
      const wrong = await runToEnd(['--data-dir', folder, '--faults', file]);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /^The file of --faults, .*faults\.json, cannot be used\. .*rules\.0\.fault.*\n$/);
      const missing = await runToEnd(['--data-dir', folder, '--faults', join(folder, 'none')]);
      assert.deepEqual([missing.code, missing.stderr.includes('cannot be read')], [1, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
