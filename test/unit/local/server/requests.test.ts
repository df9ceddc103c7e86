import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { type Answer, send } from '../../../platform/tunnelRequests';

interface Refusal {
  readonly error: string;
  readonly message: string;
  readonly request_id: string;
  readonly retryable: boolean;
}

describe('local platform, requests that are not as they should be', () => {
  let platform: TestPlatform;
  let id: string;

  before(async () => {
    platform = await startPlatform();
    id = (await platform.client().devboxes.createAndAwaitRunning({})).id;
  });
  after(async () => {
    await platform.stop();
  });

  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    send(platform, `127.0.0.1:${platform.port}`, path.replaceAll('{id}', id), {
      method,
      headers: { authorization: `Bearer ${platform.apiKey}`, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  const refused = async (
    status: number,
    about: RegExp,
    ...[method, path, body]: readonly [string, string, unknown?]
  ): Promise<void> => {
    const answer = await ask(method, path, body);
    const what = `${method} ${path} ${JSON.stringify(body ?? null)}: ${answer.status} ${answer.text}`;
    assert.equal(answer.status, status, what);
    const refusal = JSON.parse(answer.text) as Refusal;
    assert.match(refusal.message, about, what);
    assert.equal(answer.headers['x-runloop-error-code'], refusal.error);
    assert.equal(answer.headers['x-runloop-request-id'], refusal.request_id);
    // What is permanent must not be repeated: of what is refused here, the SDK repeats 501 by itself.
    assert.equal(refusal.retryable, false, what);
    if (status === 501) assert.equal(answer.headers['x-should-retry'], 'false', what);
  };

  it('refuses a devbox that Runloop would not make, and names the field', async () => {
    const launch = (launch_parameters: object): object => ({ launch_parameters });
    const custom = (more: object): object => launch({ resource_size_request: 'CUSTOM_SIZE', ...more });
    for (const [about, body] of [
      [/provisioning_tier/, launch({ provisioning_tier: 'gold' })],
      [/resource_size_request/, launch({ resource_size_request: 'HUGE' })],
      [/need resource_size_request CUSTOM_SIZE/, launch({ custom_cpu_cores: 2 })],
      [/launch_parameters\.custom_cpu_cores.* even number/, custom({ custom_cpu_cores: 3 })],
      [/launch_parameters\.custom_gb_memory/, custom({ custom_gb_memory: 66 })],
      [/launch_parameters\.custom_disk_size/, custom({ custom_disk_size: 1 })],
      [/2 to 8 GiB/, custom({ custom_cpu_cores: 1, custom_gb_memory: 64 })],
      [/2 to 8 GiB/, custom({ custom_cpu_cores: 4, custom_gb_memory: 4 })],
      [/launch_parameters\.keep_alive_time_seconds/, launch({ keep_alive_time_seconds: 172_801 })],
      [
        /say different things/,
        launch({
          after_idle: { idle_time_seconds: 1, on_idle: 'suspend' },
          lifecycle: { after_idle: { idle_time_seconds: 2, on_idle: 'suspend' } },
        }),
      ],
      [/not a type of mounts/, { mounts: [{ type: 'nothing' }] }],
      [
        /mounts\.1\.content/,
        {
          mounts: [
            { type: 'file_mount', target: '/a', content: '' },
            { type: 'file_mount', target: '/a' },
          ],
        },
      ],
      [/at most one/, { blueprint_id: 'a', blueprint_name: 'b' }],
    ] as const) {
      await refused(400, about, 'POST', '/v1/devboxes', body);
    }
    await refused(501, /mounts of agents/, 'POST', '/v1/devboxes', { mounts: [{ type: 'agent_mount' }] });
    await refused(501, /mounts of brokers/, 'POST', '/v1/devboxes', { mounts: [{ type: 'broker_mount' }] });
    await refused(501, /containerized services/, 'POST', '/v1/devboxes', launch({ required_services: ['db'] }));
    await refused(400, /launch_parameters\.resource_size_request/, 'POST', '/v1/blueprints', {
      name: 'x',
      launch_parameters: { resource_size_request: 'HUGE' },
    });
    await refused(400, /at most one of base_blueprint_id/, 'POST', '/v1/blueprints', {
      name: 'x',
      base_blueprint_id: 'a',
      base_blueprint_name: 'b',
    });
  });

  it('refuses bodies, queries and ids that make no sense on every kind of route', async () => {
    for (const body of ['nonsense', '[1]', '"text"', 'null']) {
      await refused(400, /request body/, 'POST', '/v1/devboxes', body);
    }
    for (const path of [
      'devboxes',
      'devboxes/disk_snapshots',
      'blueprints',
      'blueprints/list_public',
      'objects',
      'secrets',
      'network-policies',
    ]) {
      for (const limit of ['0', '5001', 'x', '1.5']) await refused(400, /limit/, 'GET', `/v1/${path}?limit=${limit}`);
      assert.equal((await ask('GET', `/v1/${path}?limit=&starting_after=&unheard_of=1`)).status, 200, path);
    }
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/logs'],
      ['GET', '/usage'],
      ['POST', '/shutdown'],
      ['POST', '/suspend'],
      ['POST', '/resume'],
      ['POST', '/keep_alive'],
      ['POST', '/enable_tunnel'],
      ['POST', '/remove_tunnel'],
      ['POST', '/create_ssh_key'],
      ['POST', '/create_pty_tunnel'],
      ['POST', '/snapshot_disk'],
      ['GET', '/executions/x'],
    ] as const) {
      await refused(404, /no devbox dbx_nobody/, method, `/v1/devboxes/dbx_nobody${path}`);
    }
    for (const path of ['', '/stream_stdout_updates', '/stream_stderr_updates']) {
      await refused(404, /no execution x/, 'GET', `/v1/devboxes/{id}/executions/x${path}`);
    }
    for (const [path, about] of [
      ['blueprints/x', /no blueprint x/],
      ['objects/x', /no object x/],
      ['secrets/x', /no secret x/],
      ['network-policies/x', /no network policy x/],
      ['devboxes/disk_snapshots/x/status', /no snapshot x/],
    ] as const) {
      await refused(404, about, 'GET', `/v1/${path}`);
    }
    await refused(400, /statuses/, 'POST', '/v1/devboxes/{id}/wait_for_status', {});
    await refused(400, /timeout_seconds/, 'POST', '/v1/devboxes/{id}/wait_for_status', {
      statuses: ['running'],
      timeout_seconds: 31,
    });
    await refused(400, /command/, 'POST', '/v1/devboxes/{id}/execute', { command: '' });
    await refused(400, /optimistic_timeout/, 'POST', '/v1/devboxes/{id}/execute', {
      command: 'x',
      optimistic_timeout: 26,
    });
    await refused(
      400,
      /text.* empty/,
      'POST',
      `/v1/devboxes/{id}/executions/${(await platform.client().devboxes.executeAsync(id, { command: 'true' })).execution_id}/send_std_in`,
      { text: '' },
    );
    await refused(400, /multipart/, 'POST', '/v1/devboxes/{id}/upload_file', {});
    await refused(400, /not suspended/, 'POST', '/v1/devboxes/{id}/resume');
  });

  it('says which methods a path has, asks for the key, and minds the address in front of a path', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/v1/devboxes', 'POST, GET'],
      ['PUT', '/v1/devboxes/{id}', 'GET, POST'],
      ['HEAD', '/v1/accounts/me', 'GET'],
    ] as const) {
      const answer = await ask(method, path);
      assert.deepEqual([answer.status, answer.headers.allow], [405, allow]);
    }
    for (const authorization of ['', 'Bearer wrong', `Basic ${platform.apiKey}`, platform.apiKey]) {
      const answer = await ask('GET', '/v1/nothing', undefined, { authorization });
      assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Bearer'], authorization);
    }
    assert.equal((await ask('GET', `http://127.0.0.1:${platform.port}/v1/accounts/me?x=1`)).status, 200);
  });

  it('reads JSON whatever the body is called, and an absent one as an empty object', async () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'text/plain',
      'application/x-www-form-urlencoded',
    ]) {
      const answer = await ask(
        'POST',
        '/v1/devboxes/{id}/execute',
        { command: 'echo heard' },
        { 'content-type': type },
      );
      assert.equal((JSON.parse(answer.text) as { stdout: string }).stdout, 'heard\n', type);
    }
    assert.equal(
      (await ask('POST', '/v1/devboxes/{id}/keep_alive', '', { 'content-type': 'application/json' })).text,
      '{}',
    );
  });

  it('passes over the offer to go on as HTTP/2 that some clients make with their first request', async () => {
    const body = JSON.stringify({ command: 'echo heard' });
    const socket = connect(platform.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.write(
      `POST /v1/devboxes/${id}/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nAuthorization: Bearer ${platform.apiKey}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await waitFor('the answer', () => (answer.includes('"stdout":"heard\\n"') ? true : undefined));
    assert.match(answer, /^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('lets a devbox of the flex tier wait before it is provisioned', async () => {
    const client = platform.client();
    const flexible = await client.devboxes.create({ launch_parameters: { provisioning_tier: 'flex' } });
    assert.equal(flexible.status, 'queued');
    const running = await client.devboxes.awaitRunning(flexible.id);
    assert.deepEqual(
      running.state_transitions.map(({ status }) => status),
      ['queued', 'provisioning', 'initializing', 'running'],
    );
  });

  it('takes an idle rule in place of the lifetime, and a size of its own in place of a blueprint’s', async () => {
    const client = platform.client();
    const idle = { idle_time_seconds: 60, on_idle: 'shutdown' } as const;
    const devbox = await client.devboxes.create({
      launch_parameters: { keep_alive_time_seconds: 1, after_idle: idle },
    });
    await client.devboxes.awaitRunning(devbox.id);
    const built = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'sized',
      launch_parameters: {
        resource_size_request: 'CUSTOM_SIZE',
        custom_cpu_cores: 2,
        custom_gb_memory: 8,
        custom_disk_size: 6,
      },
    });
    const small = await client.devboxes.create({
      blueprint_id: built.id,
      launch_parameters: { resource_size_request: 'X_SMALL' },
    });
    assert.deepEqual(
      [small.launch_parameters.resource_size_request, small.launch_parameters.custom_gb_memory],
      ['X_SMALL', undefined],
    );
    const same = await client.devboxes.create({ blueprint_id: built.id });
    assert.deepEqual(
      [same.launch_parameters.resource_size_request, same.launch_parameters.custom_gb_memory],
      ['CUSTOM_SIZE', 8],
    );
    // By now its lifetime would be over.
    assert.equal((await client.devboxes.retrieve(devbox.id)).status, 'running');
  });
});
