import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import { loopbackLookup } from '../../../../src/core/http/loopback';
import { followDevbox } from '../../../../src/core/logs/followDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import type { RunloopRuntimeOptions, SessionKeyStore } from '../../../../src/core/options/runtimeOptions';
import type { RuntimeEvent } from '../../../../src/core/runtime/runtimeStatus';
import { sessionKeyFile } from '../../../../src/core/actionServer/startupCommand';
import { processesOf } from '../../../platform/devboxProcesses';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

class MemoryKeys implements SessionKeyStore {
  readonly keys = new Map<string, string>();
  get(id: string): Promise<string | undefined> {
    return Promise.resolve(this.keys.get(id));
  }
  set(id: string, key: string): Promise<void> {
    this.keys.set(id, key);
    return Promise.resolve();
  }
  delete(id: string): Promise<void> {
    this.keys.delete(id);
    return Promise.resolve();
  }
}

for (const sandbox of ['auto', 'plain'] as const) {
  describe(`RunloopRuntime on the local platform (sandbox: ${sandbox})`, function () {
    this.timeout(120_000);
    let platform: TestPlatform;
    let api: RunloopApi;

    before(async () => {
      platform = await startPlatform(['--sandbox', sandbox]);
      api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    });

    after(async () => {
      await platform.stop();
    });

    const runtimeWith = (options: Partial<RunloopRuntimeOptions>): RunloopRuntime =>
      new RunloopRuntime({ apiKey: platform.apiKey, baseUrl: platform.baseUrl, headlessMode: true, ...options });

    it('starts a devbox, runs actions in it, and leaves nothing after close', async () => {
      const events: RuntimeEvent[] = [];
      const runtime = runtimeWith({ sid: 'main path' });
      runtime.onEvent((event) => events.push(event));
      await runtime.connect();
      assert.ok(runtime.devbox);
      assert.equal(runtime.devbox.name, 'main path');
      assert.equal(runtime.devbox.metadata['container-name'], 'openhands-runtime-main path');
      assert.match(runtime.actionExecutionServerUrl ?? '', /^http:\/\/4444-[a-z0-9]+\.tunnel\.localhost:\d+$/);
      const phases = events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
      assert.deepEqual([...new Set(phases)], ['looking', 'creating', 'provisioning', 'startingServer', 'ready']);
      const statuses = events.flatMap((event) => (event.type === 'status' ? [event.status] : []));
      assert.deepEqual(statuses, ['STATUS$STARTING_RUNTIME', 'STATUS$RUNTIME_STARTED', 'STATUS$READY']);

      const first = await runtime.actions.run('cd /tmp && MARK=kept && echo "hello  from $(pwd)"');
      assert.deepEqual([first.exitCode, first.content], [0, 'hello  from /tmp']);
      const second = await runtime.actions.run('echo $MARK && false');
      assert.deepEqual([second.exitCode, second.content], [1, 'kept']);
      // The folder the shell was in first: in plain mode a command's own /workspace would be the computer's.
      await runtime.actions.run('cd "$OLDPWD" && echo data > from-action.txt');
      assert.ok((await runtime.actions.listFiles()).includes('from-action.txt'));
      assert.equal(await runtime.vscodeUrl(), undefined);

      const { id } = runtime.devbox;
      assert.ok(processesOf(id).length > 0);
      await Promise.all([runtime.close(), runtime.close()]);
      await runtime.close();
      assert.equal((await api.devboxes.retrieve(id)).status, 'shutdown');
      assert.deepEqual(processesOf(id), []);
      assert.throws(
        () => runtime.actions,
        (error) => RuntimeError.is(error, 'closed'),
      );
    });

    it('asks every request for the session key, and keeps it out of the log (D12)', async () => {
      const keys = new MemoryKeys();
      const runtime = runtimeWith({ sid: 'keys', sessionKeys: keys, tunnelAuthMode: 'open' });
      await runtime.connect();
      try {
        const key = keys.keys.get(runtime.devbox?.id ?? '') ?? '';
        assert.match(key, /^[0-9a-f]{64}$/);
        const url = new URL(`${runtime.actionExecutionServerUrl ?? ''}/list_files`);
        const status = await new Promise<number | undefined>((resolve, reject) => {
          const sending = request(url, { method: 'POST', lookup: loopbackLookup }, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          });
          sending.once('error', reject);
          sending.end('{}');
        });
        assert.equal(status, 403);
        const environment = await runtime.actions.run('env');
        assert.ok(!environment.content.includes(key));
        const log = await api.logs.newest(runtime.devbox?.id ?? '');
        assert.ok(!JSON.stringify(log).includes(key));
        const commandLines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
        assert.ok(!commandLines.includes(key));
      } finally {
        await runtime.close();
      }
    });

    it('attaches to a devbox started elsewhere, with the key from inside it, and does not shut it down', async () => {
      const starter = runtimeWith({ sid: 'shared' });
      await starter.connect();
      try {
        const keys = new MemoryKeys();
        const bySid = runtimeWith({ sid: 'shared', attachToExisting: true, sessionKeys: keys });
        await bySid.connect();
        assert.equal(bySid.devbox?.id, starter.devbox?.id);
        // In plain mode the home of the devbox is the shell's, and else that of the devbox's user.
        const inHome = sessionKeyFile.replace('/home/user', '');
        assert.equal(
          (await bySid.actions.run(`stat -c %a ~user${inHome} 2> /dev/null || stat -c %a ~${inHome}`)).content,
          '600',
        );
        await bySid.close();
        assert.equal(keys.keys.size, 1);
        const byId = runtimeWith({ attachToExisting: true, devboxId: starter.devbox?.id });
        await byId.connect();
        assert.equal((await byId.actions.run('echo same shell')).content, 'same shell');
        await byId.close();
        assert.equal((await api.devboxes.retrieve(starter.devbox?.id ?? '')).status, 'running');
      } finally {
        await starter.close();
      }
    });

    it('attaching never creates (D5)', async () => {
      const before = await count(api);
      const runtime = runtimeWith({ sid: 'nobody', attachToExisting: true });
      await assert.rejects(runtime.connect(), (error) => RuntimeError.is(error, 'devbox_not_found'));
      const byId = runtimeWith({ attachToExisting: true, devboxId: 'dbx_000000000000000000000' });
      await assert.rejects(byId.connect(), (error) => RuntimeError.is(error, 'devbox_not_found'));
      assert.equal(await count(api), before);
    });

    for (const moment of ['creating', 'provisioning', 'startingServer'] as const) {
      it(`cancelled while ${moment}, leaves no devbox behind (D6)`, async () => {
        const stop = new AbortController();
        const runtime = runtimeWith({ sid: `cancel-${moment}` });
        runtime.onEvent((event) => {
          if (event.type === 'phase' && event.phase === moment) stop.abort();
        });
        await assert.rejects(runtime.connect({ signal: stop.signal }), (error) => RuntimeError.is(error, 'cancelled'));
        for await (const devbox of api.devboxes.list({})) {
          if (devbox.name !== `cancel-${moment}`) continue;
          assert.equal(devbox.status, 'shutdown');
          assert.deepEqual(processesOf(devbox.id), []);
        }
      });
    }

    it('notices at once when the devbox is killed while its server starts, and says why (D7)', async () => {
      const runtime = runtimeWith({ sid: 'killed' });
      runtime.onEvent((event) => {
        if (event.type !== 'phase' || event.phase !== 'startingServer' || event.devbox === undefined) return;
        api.devboxes.shutdown(event.devbox.id).catch((error: unknown) => assert.fail(String(error)));
      });
      await assert.rejects(
        runtime.connect(),
        (error) =>
          RuntimeError.is(error, 'devbox_ended') && /api_shutdown/.test(error.message) && error.devboxId !== undefined,
      );
    });

    it('follows the output from the first line to the end of the devbox', async () => {
      const runtime = runtimeWith({ sid: 'output' });
      await runtime.connect();
      const { id } = runtime.devbox ?? { id: '' };
      const lines: string[] = [];
      const following = (async () => {
        for await (const entry of followDevbox(api, id, { signal: deadline(30_000) })) {
          lines.push(`${entry.source}: ${entry.text}`);
        }
      })();
      await runtime.close();
      await following;
      assert.ok(
        lines.some((line) => line.startsWith('entrypoint: ') && line.includes('ActionExecutor initialized.')),
        lines.join('\n'),
      );
    });
  });
}

async function count(api: RunloopApi): Promise<number> {
  const ids: string[] = [];
  for await (const { id } of api.devboxes.list({})) ids.push(id);
  return ids.length;
}

describe('RunloopRuntime meeting trouble', function () {
  this.timeout(120_000);
  let platform: TestPlatform;

  before(async () => {
    platform = await startPlatform([]);
  });

  after(async () => {
    await platform.stop();
  });

  it('a wrong key ends at the first request (D8)', async () => {
    const runtime = new RunloopRuntime({ apiKey: 'ak_wrong', baseUrl: platform.baseUrl });
    await assert.rejects(
      runtime.connect(),
      (error) =>
        RuntimeError.is(error, 'authentication') && !error.message.includes('ak_wrong') && error.nextStep !== '',
    );
  });

  it('a blueprint that is not there is named, with what to do (D24)', async () => {
    const runtime = new RunloopRuntime({
      apiKey: platform.apiKey,
      baseUrl: platform.baseUrl,
      blueprintName: 'no-such',
    });
    await assert.rejects(
      runtime.connect(),
      (error) => RuntimeError.is(error, 'blueprint_missing') && error.message.includes('no-such'),
    );
  });

  it('options that cannot work are told before any request', () => {
    const make = (options: Partial<RunloopRuntimeOptions>): RunloopRuntime =>
      new RunloopRuntime({ apiKey: 'ak_x', baseUrl: 'http://127.0.0.1:1', ...options });
    assert.throws(
      () => make({ apiKey: '' }),
      (error) => RuntimeError.is(error, 'missing_api_key'),
    );
    assert.throws(
      () => make({ baseUrl: 'nonsense' }),
      (error) => RuntimeError.is(error, 'invalid_option'),
    );
    assert.throws(
      () => make({ sid: 'x'.repeat(10_000) }),
      (error) => RuntimeError.is(error, 'invalid_option'),
    );
    assert.throws(
      () => make({ sid: 'a\u0007b' }),
      (error) => RuntimeError.is(error, 'invalid_option'),
    );
    assert.throws(
      () => make({ workspaceMountPathInSandbox: 'relative' }),
      (error) => RuntimeError.is(error, 'invalid_option'),
    );
    assert.throws(
      () => make({ keepAliveTimeSeconds: 200_000 }),
      (error) => RuntimeError.is(error, 'invalid_option'),
    );
  });

  it('a second connect of one runtime is refused', async () => {
    const runtime = new RunloopRuntime({ apiKey: 'ak_wrong', baseUrl: platform.baseUrl });
    await assert.rejects(runtime.connect());
    await assert.rejects(runtime.connect(), (error) => RuntimeError.is(error, 'closed'));
  });

  it('a platform that is not there is told as a network failure', async () => {
    const gone = await startPlatform([]);
    await gone.stop();
    const api = new RunloopApi({ apiKey: gone.apiKey, baseUrl: gone.baseUrl });
    await assert.rejects(api.accounts.me(), (error) => RuntimeError.is(error, 'network'));
  });
});
