import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { APIError, RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../eventually';
import { processesWith } from '../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../../platform/tunnelRequests';

const status =
  (wanted: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === wanted && text.test(error.message);

describe('local platform, network policies', () => {
  let platform: TestPlatform;
  let client: Client;
  let sdk: RunloopSDK;
  let server: Server;
  let port: number;

  before(async () => {
    // What stands for the world outside here is no less on loopback than the devboxes.
    platform = await startPlatform([], { environment: { RUNLOOP_LOCAL_OUTSIDE: '127.0.0.0/8' } });
    client = platform.client();
    sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false, maxRetries: 0 });
    server = createServer((request, response) => {
      request.resume().on('end', () => response.end(`outside ${request.url ?? ''}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await platform.stop();
  });

  const run = async (id: string, command: string): Promise<string> =>
    (await (await sdk.devbox.fromId(id).cmd.exec(command)).stdout()).trim();
  const isolated = async (name: string, rules: object, more: object = {}): Promise<{ id: string; policy: string }> => {
    const policy = await client.networkPolicies.create({ name, ...rules });
    const { id } = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { network_policy_id: policy.id },
      ...more,
    });
    return { id, policy: policy.id };
  };

  it('keeps policies: names that may be used again, patch-like changes, filters, and rules that make sense', async () => {
    const first = await client.networkPolicies.create({
      name: 'first',
      description: 'words',
      allowed_hostnames: ['github.com', '*.npmjs.org'],
      allowed_cidrs: [{ cidr: '10.12.0.0/16', ports: [{ port: 443 }] }],
    });
    assert.match(first.id, /^npol_/);
    assert.deepEqual(
      [first.egress.allow_all, first.egress.allow_devbox_to_devbox, first.egress.allowed_cidrs.length],
      [false, false, 1],
    );
    const again = await client.networkPolicies.create({ name: 'first' });
    assert.notEqual(again.id, first.id);
    await client.networkPolicies.delete(again.id);
    const second = await client.networkPolicies.create({ name: 'second', allow_all: true });
    assert.equal(second.egress.allow_devbox_to_devbox, true);
    const changed = await client.networkPolicies.update(first.id, { allowed_hostnames: [], allowed_cidrs: null });
    assert.deepEqual(
      [changed.egress.allowed_hostnames, changed.egress.allowed_cidrs.length, changed.description],
      [[], 1, 'words'],
    );
    assert.ok(changed.update_time_ms >= first.update_time_ms);
    const names = async (query: object): Promise<string[]> =>
      (await client.networkPolicies.list(query)).network_policies.map(({ name }) => name);
    assert.deepEqual(await names({}), ['second', 'first']);
    assert.deepEqual(await names({ name: 'SEC' }), ['second']);
    assert.deepEqual(await names({ id: first.id }), ['first']);
    assert.deepEqual(await names({ search: first.id }), ['first']);
    assert.deepEqual(await names({ limit: 1, starting_after: second.id }), ['first']);
    for (const [rules, text] of [
      [{ allowed_hostnames: ['a.*.com'] }, /allowed_hostnames/],
      [{ allowed_cidrs: [{ cidr: '10.0.0.1/8' }] }, /allowed_cidrs/],
      [{ allowed_cidrs: [{ cidr: '10.0.0.0/8', ports: [{ port: 9, end_port: 8 }] }] }, /ports/],
    ] as const) {
      await assert.rejects(client.networkPolicies.create({ name: 'bad', ...rules } as never), status(400, text));
    }
    await client.networkPolicies.delete(first.id);
    await assert.rejects(client.networkPolicies.retrieve(first.id), status(404, /no network policy/));
    await assert.rejects(
      client.devboxes.create({ launch_parameters: { network_policy_id: first.id } }),
      status(400, /no network policy/),
    );
    await client.networkPolicies.delete(second.id);
  });

  it('shows no devbox in which folder its sockets are', async () => {
    const { id } = await isolated('sockets', {});
    const other = await client.devboxes.createAndAwaitRunning({});
    for (const one of [id, other.id]) {
      assert.match(await run(one, 'cat /proc/net/unix'), /^Num /);
      assert.equal(await run(one, `grep -F ${platform.dataDir} /proc/net/unix`), '');
    }
    await Promise.all([id, other.id].map((one) => client.devboxes.shutdown(one)));
  });

  it('lets nothing out of a devbox whose policy allows nothing, and the tunnel in', async () => {
    const { id, policy } = await isolated(
      'nothing',
      { allowed_hostnames: [] },
      { entrypoint: echoServer('isolated'), tunnel: {} },
    );
    assert.equal(
      await run(
        id,
        `curl -s -m 5 http://127.77.0.1:${port}/a; curl -s -m 5 --noproxy '*' http://127.77.0.1:${port}/a; echo $?`,
      ),
      `The devbox's network policy does not allow 127.77.0.1:${port}.\n7`,
    );
    assert.equal(
      await run(id, `exec 2>&1; echo > /dev/tcp/127.0.0.1/${platform.port} && echo reached`).then((text) =>
        text.includes('reached'),
      ),
      false,
    );
    assert.equal(
      await run(
        id,
        `curl -s -m 5 -o /dev/null -w '%{http_code}' -p -x "$http_proxy" https://example.org; tail -n +3 /proc/net/dev | cut -d: -f1`,
      ).then((text) => text.replaceAll(' ', '')),
      '000lo',
    );
    const tunnel = (await client.devboxes.retrieve(id)).tunnel?.tunnel_key ?? '';
    const answer = await whenListening(platform, tunnelHost(platform, 4444, tunnel));
    assert.equal(answer.status, 200);
    assert.equal((JSON.parse(answer.text) as { name: string }).name, 'isolated');
    const posted = await send(platform, tunnelHost(platform, 4444, tunnel), '/p', {
      method: 'POST',
      body: 'x'.repeat(300_000),
    });
    assert.equal((JSON.parse(posted.text) as { bytes: number }).bytes, 300_000);
    assert.equal((await send(platform, tunnelHost(platform, 4446, tunnel))).status, 502);
    assert.match(
      await run(
        id,
        'curl -s http://localhost:4444/own -x "$http_proxy"; curl -s -m 3 http://$RUNLOOP_LOCAL_BIND:4444/own --noproxy "*"',
      ),
      /"url":"\/own"/,
    );
    await assert.rejects(client.networkPolicies.delete(policy), status(409, /use network policy/));
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    await client.devboxes.resume(id);
    await client.devboxes.awaitRunning(id);
    assert.equal((await whenListening(platform, tunnelHost(platform, 4444, tunnel))).status, 200);
    assert.match(await run(id, `curl -s -m 5 http://127.77.0.1:${port}/a`), /does not allow/);
    await client.devboxes.shutdown(id);
    await client.networkPolicies.delete(policy);
    await waitFor('no relay', () => (processesWith(join(platform.dataDir, 'net')).length === 0 ? true : undefined));
    assert.deepEqual(readdirSync(join(platform.dataDir, 'net')), []);
  });

  it('lets out what is allowed by name or by address and port, and follows a change at once', async () => {
    const { id, policy } = await isolated('some', {
      allowed_hostnames: ['*.allowed.localhost'],
      allowed_cidrs: [{ cidr: '127.77.0.0/16', ports: [{ port: port - 1, end_port: port }] }],
    });
    const get = (address: string): Promise<string> => run(id, `curl -s -m 5 -x "$http_proxy" ${address}`);
    assert.equal(await get(`http://sub.allowed.localhost:${port}/name`), 'outside /name');
    assert.match(await get(`http://allowed.localhost:${port}/name`), /does not allow allowed\.localhost/);
    assert.equal(await get(`http://127.77.3.4:${port}/address`), 'outside /address');
    assert.match(await get(`http://127.78.3.4:${port}/address`), /does not allow/);
    assert.match(await get(`http://127.77.3.4:${port + 1}/address`), /does not allow/);
    assert.equal(await get(`-p http://sub.allowed.localhost:${port}/connect`), 'outside /connect');
    assert.equal(
      await run(
        id,
        `head -c 300000 /dev/zero | curl -s -m 5 -x "$http_proxy" --data-binary @- http://sub.allowed.localhost:${port}/post`,
      ),
      'outside /post',
    );
    assert.equal(
      await run(id, `sudo bash -c 'curl -s -m 5 http://sub.allowed.localhost:${port}/sudo -x "$http_proxy"'`),
      'outside /sudo',
    );
    await client.networkPolicies.update(policy, { allowed_hostnames: ['other.localhost'] });
    assert.match(await get(`http://sub.allowed.localhost:${port}/name`), /does not allow/);
    assert.equal(await get(`http://other.localhost:${port}/name`), 'outside /name');
    await client.networkPolicies.update(policy, { allow_all: true });
    assert.equal(await get(`http://127.1.1.1:${port}/all`), 'outside /all');
    await client.devboxes.shutdown(id);
  });

  it('lets devboxes reach each other’s tunnels only where that is allowed', async () => {
    const target = await client.devboxes.createAndAwaitRunning({ entrypoint: echoServer('target'), tunnel: {} });
    const host = tunnelHost(platform, 4444, target.tunnel?.tunnel_key ?? '');
    await whenListening(platform, host);
    const open = await isolated('friends', { allow_devbox_to_devbox: true });
    const shut = await isolated('strangers', {});
    assert.match(await run(open.id, `curl -s -m 5 -x "$http_proxy" http://${host}/`), /"name":"target"/);
    assert.match(
      await run(open.id, `curl -s -m 5 -x "$http_proxy" http://${host.replace(String(platform.port), String(port))}/`),
      /does not allow/,
    );
    assert.match(await run(shut.id, `curl -s -m 5 -x "$http_proxy" http://${host}/`), /does not allow/);
    await Promise.all([target.id, open.id, shut.id].map((id) => client.devboxes.shutdown(id)));
  });

  it('holds builds to theirs, hands a blueprint’s on to devboxes, and does not pretend to restrict what was open', async () => {
    const policy = await client.networkPolicies.create({ name: 'build', allowed_hostnames: [] });
    const command = `curl -s -m 5 -x "$http_proxy" http://127.77.0.1:${port}/`;
    const built = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'isolated',
      system_setup_commands: [command],
      network_policy_id: policy.id,
      launch_parameters: { network_policy_id: policy.id },
    });
    assert.match(
      (await client.blueprints.logs(built.id)).logs.map(({ message }) => message).join('\n'),
      /does not allow/,
    );
    const { id, launch_parameters: launch } = await client.devboxes.createAndAwaitRunning({ blueprint_id: built.id });
    assert.equal(launch.network_policy_id, policy.id);
    assert.match(await run(id, command), /does not allow/);
    await client.devboxes.shutdown(id);
    const open = await client.networkPolicies.create({ name: 'open', allow_all: true });
    const free = await client.devboxes.createAndAwaitRunning({
      launch_parameters: {
        network_policy_id: open.id,
        launch_commands: [`curl -s -m 5 http://127.77.0.1:${port}/free`],
      },
    });
    assert.match(await logText(client, free.id), /outside \/free/);
    await assert.rejects(
      client.networkPolicies.update(open.id, { allow_all: false }),
      status(409, /cannot be restricted any more/),
    );
    await client.devboxes.shutdown(free.id);
    assert.equal((await client.networkPolicies.update(open.id, { allow_all: false })).egress.allow_all, false);
  });

  it('refuses to restrict where there are no namespaces', async () => {
    const plain = await startPlatform(['--sandbox', 'plain']);
    try {
      const other = plain.client();
      const strict = await other.networkPolicies.create({ name: 'strict' });
      await assert.rejects(
        other.devboxes.create({ launch_parameters: { network_policy_id: strict.id } }),
        status(501, /does not offer network policies that restrict/),
      );
      const open = await other.networkPolicies.create({ name: 'open', allow_all: true });
      const { id } = await other.devboxes.createAndAwaitRunning({ launch_parameters: { network_policy_id: open.id } });
      await other.devboxes.shutdown(id);
    } finally {
      await plain.stop();
    }
  });
});
