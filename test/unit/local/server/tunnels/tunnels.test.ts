import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'mocha';
import { WebSocket } from 'ws';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../../../platform/tunnelRequests';

interface Echo {
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
  readonly raw: readonly string[];
}

describe('local platform tunnels', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
  });

  it('keeps apart two devboxes that listen on the same port', async () => {
    const made = await Promise.all(
      ['one', 'two'].map((name) =>
        client.devboxes.createAndAwaitRunning({ name, entrypoint: echoServer(name), tunnel: {} }),
      ),
    );
    for (const [index, name] of ['one', 'two'].entries()) {
      const devbox = made[index]!;
      const host = tunnelHost(platform, 4444, devbox.tunnel?.tunnel_key ?? '');
      await whenListening(platform, host);
      const answer = await send(platform, host, '/a%2Fb?q=%20', {
        method: 'POST',
        headers: { 'X-MiXed': 'Case', authorization: 'Bearer app' },
        body: 'x'.repeat(200_000),
      });
      const echo = JSON.parse(answer.text) as Echo;
      assert.equal(echo.name, name);
      assert.equal(echo.url, '/a%2Fb?q=%20');
      assert.equal(echo.bytes, 200_000);
      assert.ok(echo.raw.includes('X-MiXed') && echo.raw.includes(host) && echo.raw.includes('Bearer app'));
    }
    await Promise.all(made.map(({ id }) => client.devboxes.shutdown(id)));
    assert.equal((await send(platform, tunnelHost(platform, 4444, made[0]!.tunnel?.tunnel_key ?? ''))).status, 404);
  });

  it('opens one tunnel later, refuses a second, and takes it away again', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({ entrypoint: echoServer('late') });
    const tunnel = await client.devboxes.enableTunnel(id, {}, { idempotencyKey: 'one-tunnel' });
    assert.equal(
      (await client.devboxes.enableTunnel(id, {}, { idempotencyKey: 'one-tunnel' })).tunnel_key,
      tunnel.tunnel_key,
      'a repeated request',
    );
    assert.match(tunnel.tunnel_key, /^[a-z0-9]{52}$/);
    assert.deepEqual([tunnel.auth_mode, tunnel.http_keep_alive, tunnel.wake_on_http], ['open', true, false]);
    assert.equal((await client.devboxes.retrieve(id)).tunnel?.tunnel_key, tunnel.tunnel_key);
    await assert.rejects(client.devboxes.enableTunnel(id), /400 .*already has a tunnel/);
    const host = tunnelHost(platform, 4444, tunnel.tunnel_key);
    assert.equal((await whenListening(platform, host)).status, 200);
    const silent = await send(platform, tunnelHost(platform, 4445, tunnel.tunnel_key));
    assert.equal(silent.status, 502);
    assert.match(silent.text, /nothing listens there/);
    assert.deepEqual(await client.devboxes.removeTunnel(id), {});
    assert.equal((await send(platform, host)).status, 404);
    await client.devboxes.shutdown(id);
  });

  it('is open to everybody where nobody says how it asks, as on Runloop', async () => {
    for (const tunnel of [{}, { auth_mode: null }, { auth_mode: 'open' as const }]) {
      const { id } = await client.devboxes.createAndAwaitRunning({ entrypoint: echoServer('open'), tunnel });
      const made = (await client.devboxes.retrieve(id)).tunnel;
      assert.deepEqual([made?.auth_mode, made?.auth_token], ['open', undefined], JSON.stringify(tunnel));
      assert.equal((await whenListening(platform, tunnelHost(platform, 4444, made?.tunnel_key ?? ''))).status, 200);
      await client.devboxes.shutdown(id);
    }
  });

  it('serves clients from the time before tunnels had keys: prebuilt, and a tunnel for each port with its address', async () => {
    const made = await client.post<unknown, { id: string; blueprint_id: string | null }>(
      '/v1/devboxes/create_and_await_running',
      { body: { prebuilt: 'openhands', entrypoint: echoServer('old') } },
    );
    assert.equal(made.blueprint_id, (await client.blueprints.listPublic({ name: 'openhands' })).blueprints[0]?.id);
    const tunnelTo = (port: number): Promise<{ devbox_id: string; port: number; url: string }> =>
      client.post(`/v1/devboxes/${made.id}/create_tunnel`, { body: { port } });
    const [first, again, other] = [await tunnelTo(4444), await tunnelTo(4444), await tunnelTo(4445)];
    assert.deepEqual([first, first.devbox_id, first.port], [again, made.id, 4444]);
    const { host } = new URL(first.url);
    assert.match(host, new RegExp(`^4444-[a-z0-9]{52}\\.tunnel\\.localhost:${platform.port}$`));
    assert.equal(other.url, first.url.replace('//4444-', '//4445-'));
    assert.match((await whenListening(platform, host)).text, /"name":"old"/);
    await assert.rejects(tunnelTo(0), /400 .*port/);
    await client.devboxes.shutdown(made.id);
    await assert.rejects(tunnelTo(4444), /400 .*not running/);
  });

  it('asks for the token of an authenticated tunnel and does not pass it on', async () => {
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      entrypoint: echoServer('closed'),
      tunnel: { auth_mode: 'authenticated' },
    });
    const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
    const token = tunnel?.auth_token ?? '';
    assert.equal((await send(platform, host)).status, 401);
    assert.equal((await send(platform, host, '/', { headers: { authorization: 'Bearer wrong' } })).status, 401);
    await whenListening(platform, host, { authorization: `Bearer ${token}` });
    const own = await send(platform, host, '/', {
      headers: { 'x-runloop-tunnel-authorization': `Bearer ${token}`, authorization: 'Bearer app' },
    });
    assert.deepEqual([own.text.includes(token), own.text.includes('Bearer app')], [false, true]);
    const usual = await send(platform, host, '/', { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([usual.status, usual.text.includes(token)], [200, false]);
    await client.devboxes.shutdown(id);
  });

  it('takes requests to its own address that name the tunnel in X-Runloop-Host, WebSockets too', async () => {
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      entrypoint: echoServer('named'),
      tunnel: { auth_mode: 'authenticated' },
    });
    const token = tunnel?.auth_token ?? '';
    const named = { 'X-Runloop-Host': tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '') };
    const own = `127.0.0.1:${platform.port}`;
    await whenListening(platform, own, { ...named, authorization: `Bearer ${token}` });
    const usual = await send(platform, own, '/v1/devboxes', {
      headers: { ...named, authorization: `Bearer ${token}` },
    });
    const echo = JSON.parse(usual.text) as Echo;
    assert.deepEqual([usual.status, echo.name, echo.url], [200, 'named', '/v1/devboxes']);
    assert.ok(echo.raw.includes(own), 'the Host header stays');
    assert.equal(
      echo.raw.some((word) => /x-runloop-host|authorization/i.test(word)),
      false,
    );
    const both = await send(platform, own, '/', {
      headers: { ...named, 'x-runloop-tunnel-authorization': `Bearer ${token}`, authorization: 'Bearer app' },
    });
    assert.deepEqual([both.text.includes('Bearer app'), both.text.includes(token)], [true, false]);
    assert.equal((await send(platform, own, '/', { headers: named })).status, 401);
    // The platform's key opens no tunnel, and a tunnel's token not the API.
    assert.equal(
      (await send(platform, own, '/', { headers: { ...named, authorization: `Bearer ${platform.apiKey}` } })).status,
      401,
    );
    assert.equal(
      (await send(platform, own, '/v1/devboxes', { headers: { authorization: `Bearer ${token}` } })).status,
      401,
    );
    const refused = new WebSocket(`ws://${own}/`, { headers: { ...named } });
    await assert.rejects(new Promise((resolve, reject) => refused.once('open', resolve).once('error', reject)), /401/);
    await client.devboxes.shutdown(id);
  });

  it('counts its traffic as use of the devbox, unless that was not wanted', async () => {
    const service = `require("http").createServer((q, s) => { if (q.url !== "/stream") return s.end(); const t = setInterval(() => s.write("."), 200); s.on("close", () => clearInterval(t)); }).listen(4444, process.env.RUNLOOP_LOCAL_BIND)`;
    const make = (keep: boolean): Promise<{ id: string; tunnel?: { tunnel_key: string } | null }> =>
      client.devboxes.createAndAwaitRunning({
        entrypoint: `exec node -e '${service}'`,
        tunnel: { http_keep_alive: keep },
        launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 5, on_idle: 'shutdown' } } },
      });
    const [used, unused] = await Promise.all([make(true), make(false)]);
    const hang = (devbox: typeof used): ReturnType<typeof request> => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: platform.port,
          path: '/stream',
          headers: { host: tunnelHost(platform, 4444, devbox.tunnel?.tunnel_key ?? '') },
          agent: false,
        },
        (answer) => answer.resume(),
      );
      // Cut when the devbox ends.
      sent.on('error', () => undefined).end();
      return sent;
    };
    await Promise.all(
      [used, unused].map((devbox) =>
        whenListening(platform, tunnelHost(platform, 4444, devbox.tunnel?.tunnel_key ?? '')),
      ),
    );
    const streams = [used, unused].map(hang);
    await waitFor('the end of the unused one', async () =>
      (await client.devboxes.retrieve(unused.id)).shutdown_reason === 'idle' ? true : undefined,
    );
    // One stream that goes on, begun before, is what keeps this one.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal((await client.devboxes.retrieve(used.id)).status, 'running');
    streams.forEach((stream) => stream.destroy());
    await waitFor('the end of the used one', async () =>
      (await client.devboxes.retrieve(used.id)).shutdown_reason === 'idle' ? true : undefined,
    );
  });

  it('wakes a suspended devbox by a request, which is not passed on', async () => {
    const entrypoint = echoServer('awake').replace('exec ', '');
    const [woken, left] = await Promise.all([
      client.devboxes.createAndAwaitRunning({ entrypoint, tunnel: { wake_on_http: true } }),
      client.devboxes.createAndAwaitRunning({
        entrypoint,
        tunnel: { wake_on_http: true },
        launch_parameters: { lifecycle: { resume_triggers: { http: false } } },
      }),
    ]);
    for (const { id, tunnel } of [woken, left]) {
      await client.devboxes.suspend(id);
      await client.devboxes.awaitSuspended(id);
      const answer = await send(platform, tunnelHost(platform, 4444, tunnel?.tunnel_key ?? ''), '/', {
        method: 'POST',
        body: 'x',
      });
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, id === woken.id ? '5' : undefined]);
    }
    await waitFor('a running devbox', async () =>
      (await client.devboxes.retrieve(woken.id)).status === 'running' ? true : undefined,
    );
    assert.equal(
      (await whenListening(platform, tunnelHost(platform, 4444, woken.tunnel?.tunnel_key ?? ''))).status,
      200,
    );
    assert.equal((await client.devboxes.retrieve(left.id)).status, 'suspended');
    await Promise.all([woken, left].map(({ id }) => client.devboxes.shutdown(id)));
  });
});
