import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import { createBody } from '../../../../src/core/runtime/connect/createBody';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { IdleProxy } from './idleProxy';

describe('An hour in which nobody does anything (M6)', function () {
  this.timeout(120_000);
  const used = useWindow();
  let proxy: IdleProxy | undefined;
  afterEach(() => {
    mock.timers.reset();
    proxy?.stop();
  });

  it('sends only what the table in src/core/README.md has', async () => {
    const { editor, extension, platform } = used;
    proxy = await IdleProxy.to(platform.port);
    await editor.run('runloop.signOut');
    editor.settings.set('runloop.baseUrl', `http://127.0.0.1:${proxy.port}`);
    await signIn(editor, platform.apiKey);
    editor.answer(/^Start Devbox/, 'idle-hour');
    await editor.run('runloop.startDevbox');
    const { id } = (await extension.list()).find(({ name }) => name === 'idle-hour') ?? assert.fail();
    const { seen: counted } = proxy;
    // What the devbox holds is kept as its start, in three steps: between two of them all is quiet as well.
    await eventually(
      () => Promise.resolve(counted.get('POST /v1/devboxes/ID/execute') ?? 0),
      (count) => count >= 3,
    );
    await proxy.quiet();
    proxy.seen.clear();
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
    // What was planned by the real clock is planned anew.
    editor.focus(true);
    for (let second = 0; second < 3_600; second += 10) {
      mock.timers.tick(10_000);
      await proxy.quiet();
    }
    mock.timers.reset();
    const seen = Object.fromEntries(proxy.seen);
    const most: Readonly<Record<string, number>> = {
      'tunnel GET /alive': 125,
      'GET /v1/devboxes': 130,
      'GET /v1/devboxes/ID': 125,
      'GET /v1/devboxes/ID/usage': 65,
      'GET /v1/devboxes/ID/logs': 65,
      'GET /v1/devboxes/ID/logs/tail': 65,
      'POST /v1/devboxes/ID/wait_for_status': 125,
    };
    for (const [what, count] of Object.entries(seen)) {
      assert.ok(count <= (most[what] ?? 0), `${what} ${count} times, of ${JSON.stringify(seen)}`);
    }
    assert.ok((seen['tunnel GET /alive'] ?? 0) > 60, JSON.stringify(seen));
    await used.api.devboxes.shutdown(id);
    editor.messages.length = 0;
  });

  it('asks nothing through a tunnel that counts requests when a window comes back to its devbox', async () => {
    const { editor, extension, platform, api } = used;
    proxy = await IdleProxy.to(platform.port);
    const config = resolveConfig({ apiKey: 'unused', sid: 'comes-back', headlessMode: true, plugins: [] });
    const body = createBody(config, 'a session key');
    const tunnel = { auth_mode: 'open', http_keep_alive: true } as const;
    const { id } = await api.devboxes.create({ ...body, tunnel }, { requestId: 'comes-back' });
    await editor.run('runloop.signOut');
    const baseUrl = `http://127.0.0.1:${proxy.port}`;
    editor.settings.set('runloop.baseUrl', baseUrl);
    await editor.workspaceState.update('runloop.sessions', [{ devboxId: id, baseUrl }]);
    await signIn(editor, platform.apiKey);
    await editor.eventually(() =>
      editor.statusItems.some(({ id: item, isShown }) => item === 'runloop.session' && isShown),
    );
    editor.focus(true);
    await editor.eventually(() =>
      /it is running/.test(JSON.stringify(editor.statusItems.find((one) => one.id === 'runloop.session')?.tooltip)),
    );
    assert.equal((await extension.list()).find((one) => one.id === id)?.attached, true);
    assert.deepEqual(
      [...proxy.seen.keys()].filter((what) => what.startsWith('tunnel')),
      [],
    );
    await api.devboxes.shutdown(id);
    editor.messages.length = 0;
  });
});
