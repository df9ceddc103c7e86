import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import { loopbackLookup } from '../../../../src/core/http/loopback';
import { createBody } from '../../../../src/core/runtime/connect/createBody';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import type { RunloopRuntimeOptions, SessionKeyStore } from '../../../../src/core/options/runtimeOptions';
import type { RuntimeEvent } from '../../../../src/core/runtime/runtimeStatus';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { ensureVscode } from '../../../vscode/install';

/** Status of an answer, and where it leads to. */
function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sending = request(new URL(url), { headers, lookup: loopbackLookup, agent: false }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, location: answer.headers.location });
    });
    sending.once('error', reject);
    sending.end();
  });
}

describe('what leads into a devbox', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let api: RunloopApi;
  const keys = new Map<string, string>();
  const sessionKeys: SessionKeyStore = {
    get: (id) => Promise.resolve(keys.get(id)),
    set: (id, key) => Promise.resolve(void keys.set(id, key)),
    delete: (id) => Promise.resolve(void keys.delete(id)),
  };

  before(async function () {
    // The first run on a computer installs the VS Code.
    this.timeout(600_000);
    platform = await startPlatform([], { vscode: await ensureVscode(() => undefined, deadline(600_000)) });
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  });

  after(async () => {
    await platform.stop();
  });

  const connected = async (
    options: Partial<RunloopRuntimeOptions>,
  ): Promise<{ runtime: RunloopRuntime; id: string; events: RuntimeEvent[] }> => {
    const runtime = new RunloopRuntime({
      apiKey: platform.apiKey,
      baseUrl: platform.baseUrl,
      plugins: [],
      sessionKeys,
      ...options,
    });
    const events: RuntimeEvent[] = [];
    runtime.onEvent((event) => events.push(event));
    await runtime.connect();
    return { runtime, id: runtime.devbox?.id ?? '', events };
  };

  it('is a key of its own for each devbox, in no answer of the API but that to reading its file (D12)', async () => {
    const first = await connected({ sid: 'first key', headlessMode: true });
    const second = await connected({ sid: 'second key', headlessMode: true });
    const [key, other] = [keys.get(first.id) ?? '', keys.get(second.id) ?? ''];
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.notEqual(key, other);
    const client = platform.client();
    const shown = JSON.stringify([
      await client.devboxes.retrieve(first.id),
      await client.devboxes.list({ limit: 100 }),
      await client.devboxes.logs.list(first.id),
      first.events,
    ]);
    assert.ok(shown.includes(first.id) && !shown.includes(key));
    // The shell of an agent has it in no variable, and neither has any process that it can look into.
    assert.ok(!(await first.runtime.actions.run('env; cat /proc/self/environ')).content.includes(key));
    // Whoever has the account gets it from inside the devbox; the key of one devbox opens no other.
    assert.equal((await api.files.read(first.id, '/home/user/.openhands-runtime/session_api_key')).trim(), key);
    keys.set(first.id, other);
    const mixed = new RunloopRuntime({
      apiKey: platform.apiKey,
      baseUrl: platform.baseUrl,
      sessionKeys,
      attachToExisting: true,
      devboxId: first.id,
    });
    await assert.rejects(
      mixed.connect(),
      (error) => RuntimeError.is(error, 'session_key') && error.devboxId === first.id,
    );
    await mixed.close();
    await first.runtime.close();
    await second.runtime.close();
    assert.equal(keys.size, 0, 'what is shut down has no key any more');
  });

  it("asks for the tunnel's token unless open was chosen, and is made for devboxes without a tunnel (D12, D23)", async () => {
    const usual = await connected({ sid: 'authenticated', headlessMode: true });
    const address = usual.runtime.actionExecutionServerUrl ?? '';
    assert.equal((await get(`${address}/alive`)).status, 401);
    assert.equal((await get(`${address}/alive`, { 'X-Runloop-Tunnel-Authorization': 'Bearer wrong' })).status, 401);
    await usual.runtime.close();
    const open = await connected({ sid: 'open', headlessMode: true, tunnelAuthMode: 'open' });
    assert.equal((await get(`${open.runtime.actionExecutionServerUrl ?? ''}/alive`)).status, 200);
    await open.runtime.close();

    const config = resolveConfig({ apiKey: 'unused', sid: 'without tunnel', headlessMode: true, plugins: [] });
    const body = { ...createBody(config, 'a session key') };
    Reflect.deleteProperty(body, 'tunnel');
    const { id } = await api.devboxes.create(body, { requestId: 'without tunnel' });
    const attached = await connected({ attachToExisting: true, devboxId: id, headlessMode: true });
    assert.equal((await attached.runtime.actions.run('echo through')).content, 'through');
    assert.equal((await get(`${attached.runtime.actionExecutionServerUrl ?? ''}/alive`)).status, 401);
    assert.equal(
      (await api.devboxes.retrieve(id)).tunnel?.httpKeepAlive,
      false,
      'requests that nobody made are no use of it',
    );
    const paths = attached.events.flatMap((event) => (event.type === 'request' ? [event.request.path] : []));
    assert.ok(
      paths.includes(`/v1/devboxes/${id}/enable_tunnel`) && !paths.some((path) => path.includes('create_tunnel')),
    );
    await attached.runtime.close({ mode: 'shutdown' });
  });

  it('asks for nothing that Runloop no longer knows (D24, D25)', () => {
    const body = JSON.stringify(createBody(resolveConfig({ apiKey: 'unused' }), 'key'));
    assert.match(body, /"blueprint_name":"openhands"/);
    assert.doesNotMatch(body, /prebuilt|available_ports|environment_variables/);
  });

  it('is an address of the VS Code for this window only: encoded, asked anew, in no log, and dead once let go (D3, D30)', async () => {
    const workspaceMountPathInSandbox = '/workspace/a b&c=d';
    const { runtime, id, events } = await connected({ sid: 'with editor', workspaceMountPathInSandbox });
    const url = (await runtime.vscodeUrl()) ?? '';
    const token = new URL(url).searchParams.get('tkn') ?? '';
    assert.match(token, /^[0-9a-f-]{36}$/);
    assert.equal(new URL(url).searchParams.get('folder'), workspaceMountPathInSandbox);
    assert.match(new URL(url).hostname, /^devbox-[0-9a-f]{32}\.localhost$/);
    // VS Code takes its token, and leads on to the same address without it.
    assert.equal((await get(url)).status, 302);
    const direct = (runtime.actionExecutionServerUrl ?? '').replace('4444-', '4445-');
    assert.equal((await get(`${direct}/?tkn=${token}`)).status, 401, 'past the forwarder there is no way in');
    const hidden = (await runtime.hiddenUrl(url)) ?? '';
    assert.ok(!hidden.includes(token) && (await get(hidden)).location?.includes(token));
    assert.ok(!((await get(hidden)).location ?? '').includes(token), 'handed out once');
    assert.ok(!JSON.stringify([events, await api.logs.newest(id)]).includes(token));

    await runtime.suspend();
    await assert.rejects(runtime.vscodeUrl(), (error) => RuntimeError.is(error, 'closed'));
    assert.equal((await get(url)).status, 503, 'a devbox that was let go is not served');
    await runtime.resume();
    const again = (await runtime.vscodeUrl()) ?? '';
    assert.notEqual(new URL(again).searchParams.get('tkn'), token);
    assert.equal(new URL(again).host, new URL(url).host, 'pages that are open find it again');
    assert.equal((await get(again)).status, 302);
    await runtime.close();
    await assert.rejects(get(again), /ECONNREFUSED/);
  });
});
