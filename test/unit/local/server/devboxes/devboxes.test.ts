import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { APIError } from '@runloop/api-client';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, clientFor, logText, startPlatform } from '../../../../platform/testPlatform';
import { send } from '../../../../platform/tunnelRequests';

for (const transport of ['http2', 'http1'] as const) {
  describe(`local platform through the SDK over ${transport}`, () => {
    let platform: TestPlatform;
    let client: Client;

    before(async () => {
      platform = await startPlatform();
      client = platform.client(transport);
    });
    after(async () => {
      assert.equal(await platform.stop(), 0);
    });

    it('creates a devbox that passes through its states, and shuts it down with everything it had', async () => {
      const created = await client.devboxes.create({
        name: 'first',
        metadata: { team: 'a' },
        launch_parameters: { launch_commands: ['echo setting up; echo trouble >&2'], keep_alive_time_seconds: 600 },
        entrypoint: 'echo started; exec sleep 1000',
      });
      assert.match(created.id, /^dbx_[A-Za-z0-9]{21}$/);
      assert.equal(created.status, 'provisioning');
      const running = await client.devboxes.awaitRunning(created.id);
      assert.deepEqual(
        running.state_transitions.map((step) => step.status),
        ['provisioning', 'initializing', 'running'],
      );
      assert.equal(running.name, 'first');
      assert.deepEqual(running.metadata, { team: 'a' });
      assert.equal(running.launch_parameters.keep_alive_time_seconds, 600);
      await waitFor('the entrypoint’s line', async () =>
        (await logText(client, created.id)).includes('started') ? true : undefined,
      );
      const { logs } = await client.devboxes.logs.list(created.id);
      assert.deepEqual(
        logs
          .filter((entry) => entry.message !== undefined)
          .map((entry) => [entry.source, entry.level, entry.message])
          .sort(),
        [
          ['entrypoint', 'info', 'started'],
          ['setup_commands', 'error', 'trouble'],
          ['setup_commands', 'info', 'setting up'],
        ],
      );
      assert.ok(existsSync(join(platform.dataDir, 'devboxes', created.id)));
      const ended = await client.devboxes.shutdown(created.id);
      assert.equal(ended.status, 'shutdown');
      assert.equal(ended.shutdown_reason, 'api_shutdown');
      assert.ok((ended.end_time_ms ?? 0) >= created.create_time_ms);
      assert.ok(!existsSync(join(platform.dataDir, 'devboxes', created.id)));
      assert.equal((await client.devboxes.shutdown(created.id)).status, 'shutdown');
    });

    it('creates and waits in one request, once per request id', async () => {
      const options = { idempotencyKey: `once-${transport}` };
      const [one, two] = await Promise.all([
        client.devboxes.createAndAwaitRunning({ name: 'once' }, options),
        client.devboxes.createAndAwaitRunning({ name: 'once' }, options),
      ]);
      assert.equal(one.status, 'running');
      assert.equal(one.id, two.id);
      await client.devboxes.shutdown(one.id);
    });

    it('lists newest first, in pages, by status', async () => {
      const made: string[] = [];
      for (const name of ['p1', 'p2', 'p3']) {
        made.unshift((await client.devboxes.createAndAwaitRunning({ name })).id);
      }
      const first = await client.devboxes.list({ status: 'running', limit: 2 });
      assert.deepEqual(
        first.devboxes.map((devbox) => devbox.id),
        made.slice(0, 2),
      );
      assert.equal(first.has_more, true);
      assert.equal(first.total_count, 3);
      const seen: string[] = [];
      for await (const devbox of client.devboxes.list({ status: 'running', limit: 2 })) {
        seen.push(devbox.id);
      }
      assert.deepEqual(seen, made);
      await Promise.all(made.map((id) => client.devboxes.shutdown(id)));
      assert.deepEqual((await client.devboxes.list({ status: 'running' })).devboxes, []);
    });

    it('changes name and metadata and leaves alone what is not named', async () => {
      const { id } = await client.devboxes.createAndAwaitRunning({ name: 'old', metadata: { a: '1' } });
      assert.equal((await client.devboxes.update(id, { name: 'new' })).name, 'new');
      const changed = await client.devboxes.update(id, { metadata: { b: '2' } });
      assert.deepEqual([changed.name, changed.metadata], ['new', { b: '2' }]);
      assert.equal((await client.devboxes.update(id, { name: '' })).name, null);
      assert.deepEqual(await client.devboxes.keepAlive(id), {});
      await client.devboxes.shutdown(id);
    });

    it('holds a wait and then answers 408', async () => {
      const { id } = await client.devboxes.createAndAwaitRunning({});
      await assert.rejects(
        client.post(`/v1/devboxes/${id}/wait_for_status`, { body: { statuses: ['suspended'], timeout_seconds: 0.2 } }),
        (error) => error instanceof APIError && error.status === 408,
      );
      await assert.rejects(
        client.post(`/v1/devboxes/${id}/wait_for_status`, { body: { statuses: ['asleep'] } }),
        (error) => error instanceof APIError && error.status === 400,
      );
      await client.devboxes.shutdown(id);
    });

    it('ends a devbox with its entrypoint', async () => {
      const { id } = await client.devboxes.create({ entrypoint: 'printf last; exit 3' });
      const ended = await waitFor('the end', async () => {
        const devbox = await client.devboxes.retrieve(id);
        return devbox.status === 'shutdown' ? devbox : undefined;
      });
      assert.equal(ended.shutdown_reason, 'entrypoint_exit');
      assert.match(await logText(client, id), /^last\nThe entrypoint ended with exit code 3/);
    });

    it('fails a devbox whose launch command fails, and says why in its log', async () => {
      const failed = await client.devboxes
        .create({ launch_parameters: { launch_commands: ['echo no such luck >&2; exit 7'] } })
        .then(({ id }) =>
          waitFor('the failure', async () => {
            const devbox = await client.devboxes.retrieve(id);
            return devbox.status === 'failure' ? devbox : undefined;
          }),
        );
      assert.equal(failed.failure_reason, 'execution_failed');
      assert.match(await logText(client, failed.id), /no such luck\n.*exit code 7/);
    });

    it('ends a devbox when its lifetime is over', async () => {
      const { id } = await client.devboxes.create({ launch_parameters: { keep_alive_time_seconds: 1 } });
      const ended = await waitFor('the end of its lifetime', async () => {
        const devbox = await client.devboxes.retrieve(id);
        return devbox.status === 'shutdown' ? devbox : undefined;
      });
      assert.equal(ended.shutdown_reason, 'keep_alive_timeout');
    });

    it('ends a devbox that nobody uses, if that was asked for', async () => {
      const { id } = await client.devboxes.create({
        launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 1, on_idle: 'shutdown' } } },
      });
      const ended = await waitFor('the end of its idleness', async () => {
        const devbox = await client.devboxes.retrieve(id);
        return devbox.status === 'shutdown' ? devbox : undefined;
      });
      assert.equal(ended.shutdown_reason, 'idle');
    });

    it('writes and reads files and mounts them before the launch commands', async () => {
      const { id } = await client.devboxes.createAndAwaitRunning({
        mounts: [{ type: 'file_mount', target: '/home/user/.secret/key', content: 'geheim ü' }],
        launch_parameters: {
          launch_commands: ['stat -c %a /home/user/.secret/key; cat .secret/key; ln -s /etc /workspace/out'],
        },
      });
      assert.match(await logText(client, id), /600\ngeheim ü/);
      const wrote = await client.devboxes.writeFileContents(id, { file_path: '~/deep/er/file', contents: 'hälló\n' });
      assert.equal(wrote.exit_status, 0);
      assert.equal(await client.devboxes.readFileContents(id, { file_path: 'deep/er/file' }), 'hälló\n');
      await assert.rejects(
        client.devboxes.readFileContents(id, { file_path: '/workspace/none' }),
        /404 The file \/workspace\/none/,
      );
      // Refused, or written into the devbox's own layer of the folder: never into the computer's.
      const before = readFileSync('/etc/passwd', 'utf8');
      await client.devboxes.writeFileContents(id, { file_path: '/workspace/out/passwd', contents: 'x' });
      assert.equal(readFileSync('/etc/passwd', 'utf8'), before);
      await client.devboxes.shutdown(id);
    });

    it('knows the account and the openhands blueprint', async () => {
      assert.ok((await client.accounts.me()).id);
      const { blueprints } = await client.blueprints.list({ name: 'openhands' });
      assert.deepEqual(
        blueprints.map((blueprint) => [blueprint.name, blueprint.status, blueprint.state]),
        [['openhands', 'build_complete', 'created']],
      );
      assert.equal((await client.blueprints.retrieve(blueprints[0]!.id)).name, 'openhands');
      assert.equal((await client.blueprints.listPublic()).blueprints.length, 1);
    });

    it('refuses what makes no sense or is not offered, each with a sentence', async () => {
      const status =
        (wanted: number, text: RegExp) =>
        (error: unknown): boolean =>
          error instanceof APIError && error.status === wanted && text.test(error.message);
      await assert.rejects(
        client.devboxes.create({ blueprint_name: 'nope' }),
        status(400, /no blueprint named "nope"/),
      );
      await assert.rejects(client.devboxes.create({ name: 'x'.repeat(1_001) }), status(400, /1,000 characters/));
      await assert.rejects(client.devboxes.create({ name: 5 as unknown as string }), status(400, /The field name/));
      await assert.rejects(
        client.devboxes.create({ blueprint_name: 'openhands', snapshot_id: 's' }),
        status(400, /at most one/),
      );
      await assert.rejects(client.devboxes.create({ snapshot_id: 's' }), status(400, /no complete snapshot s/));
      await assert.rejects(client.devboxes.retrieve('dbx_none'), status(404, /no devbox dbx_none/));
      await assert.rejects(client.get('/v1/nothing'), status(404, /GET \/v1\/nothing/));
      const { id } = await client.devboxes.createAndAwaitRunning({});
      await assert.rejects(client.post(`/v1/devboxes/${id}/create_gateway_token`, { body: {} }), (error) => {
        assert.ok(error instanceof APIError);
        assert.equal((error.headers as Record<string, string> | undefined)?.['x-should-retry'], 'false');
        return status(501, /does not offer/)(error);
      });
      await client.devboxes.shutdown(id);
      const stranger = clientFor(platform.baseUrl, 'wrong', transport);
      await assert.rejects(stranger.accounts.me(), status(401, /API key is missing or wrong/));
    });
  });
}

describe('local platform, log tail and raw HTTP', () => {
  let platform: TestPlatform;

  before(async () => {
    platform = await startPlatform();
  });
  after(async () => {
    await platform.stop();
  });

  it('streams a log from its beginning to the devbox’s end', async () => {
    const client = platform.client();
    const { id } = await client.devboxes.createAndAwaitRunning({
      entrypoint:
        'echo one; until [ -e /workspace/go ]; do sleep 0.05; done; printf "tw\\303"; sleep 0.1; printf "\\266\\r50%%\\r\\nthree"',
    });
    const tail = send(platform, '127.0.0.1', `/v1/devboxes/${id}/logs/tail`, {
      headers: { authorization: `Bearer ${platform.apiKey}` },
    });
    await client.devboxes.writeFileContents(id, { file_path: '/workspace/go', contents: '' });
    const { headers, text } = await tail;
    assert.equal(headers['content-type'], 'text/event-stream');
    const messages = text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as { source: string; message: string })
      .filter(({ source }) => source === 'entrypoint')
      .map(({ message }) => message);
    assert.deepEqual(messages.filter((message) => !message.startsWith('write ')).slice(0, 3), [
      'one',
      'twö\r50%\r',
      'three',
    ]);
  });

  it('accepts an empty JSON body and refuses a broken one', async () => {
    const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
    const empty = await send(platform, 'localhost', '/v1/devboxes', { method: 'POST', headers });
    assert.equal(empty.status, 200);
    const broken = await send(platform, 'localhost', '/v1/devboxes', { method: 'POST', headers, body: '{"a":' });
    assert.equal(broken.status, 400);
    assert.match((JSON.parse(broken.text) as { message: string }).message, /not valid JSON/);
    const list = await send(platform, 'localhost', '/v1/devboxes', { method: 'POST', headers, body: '[]' });
    assert.equal(list.status, 400);
  });

  it('refuses host names that are not its own', async () => {
    const headers = { authorization: `Bearer ${platform.apiKey}` };
    for (const host of ['127.0.0.1', `localhost:${platform.port}`, '[::1]', 'api.localhost', 'api.runloop.localhost']) {
      assert.equal((await send(platform, host, '/v1/accounts/me', { headers })).status, 200, host);
    }
    for (const host of ['evil.example', 'localhost.evil.example', 'api.evil.example', '4444-x.tunnel.evil.example']) {
      assert.equal((await send(platform, host, '/v1/accounts/me', { headers })).status, 403, host);
    }
    assert.equal((await send(platform, '4444-abc.tunnel.localhost', '/v1/accounts/me', { headers })).status, 404);
  });
});
