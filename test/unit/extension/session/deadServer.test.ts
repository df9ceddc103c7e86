import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import { createBody } from '../../../../src/core/runtime/connect/createBody';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { IdleProxy } from './idleProxy';

describe('An action server that has ended in a devbox that runs on (M6)', function () {
  this.timeout(120_000);
  const used = useWindow();
  let proxy: IdleProxy | undefined;
  let made: string | undefined;
  afterEach(async () => {
    if (made !== undefined) await used.api.devboxes.shutdown(made);
    made = undefined;
    proxy?.stop();
  });

  const shown = (): string => {
    const item = used.editor.statusItems.find(({ id }) => id === 'runloop.session');
    return `${item?.text ?? ''} ${JSON.stringify(item?.tooltip)}`;
  };
  const shows = (what: RegExp): Promise<string> =>
    eventually(
      () => {
        used.editor.focus(true);
        return Promise.resolve(shown());
      },
      (seen) => what.test(seen),
    );

  for (const counts of [true, false]) {
    it(`is noticed ${counts ? 'without a request through its tunnel, which counts them as use' : 'by asking it'}`, async () => {
      const { editor, platform, api } = used;
      proxy = await IdleProxy.to(platform.port);
      await editor.run('runloop.signOut');
      editor.settings.set('runloop.baseUrl', `http://127.0.0.1:${proxy.port}`);
      await signIn(editor, platform.apiKey);
      const sid = `dead-server-${String(counts)}`;
      const config = resolveConfig({ apiKey: 'unused', sid, headlessMode: true, plugins: [] });
      const tunnel = { auth_mode: 'authenticated', http_keep_alive: counts } as const;
      // Its entrypoint is something else, so that it outlives its server: attaching starts that.
      const body = { ...createBody(config, 'a session key'), entrypoint: 'sleep 1000', tunnel };
      const { id } = await api.devboxes.create(body, { requestId: sid });
      made = id;
      await editor.run('runloop.attachDevbox', id);
      const asked = (): readonly string[] => [...(proxy?.seen.keys() ?? [])].filter((key) => key.startsWith('tunnel '));
      proxy.forget();
      await shows(
        counts
          ? /vm-active.*it is running; its action server is not checked/
          : /vm-active.*its action server is responding/,
      );
      if (!counts) {
        await eventually(
          () => Promise.resolve(asked().length),
          (count) => count > 0,
        );
      }
      // Brackets: a command with the server's whole name in it would be one that starts it.
      await api.executions.start(id, 'sudo pkill -9 -f "actionServe[r]|action_execution_serve[r]"');
      await shows(/warning.*its action server is not responding/);
      assert.deepEqual(asked(), counts ? [] : ['tunnel GET /alive']);
      assert.equal((await api.devboxes.retrieve(id)).status, 'running');
      // Only somebody's click starts it again.
      await editor.run('runloop.attachDevbox', id);
      await shows(/vm-active/);
      editor.messages.length = 0;
    });
  }
});
