import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { asArray, asObject, asString } from '../../../../src/core/parse';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';

const key = 'runloop.openedVscodes';

describe('Pages of VS Codes after a reload of the window', function () {
  this.timeout(60_000);
  const used = useWindow();
  let proxy: CountingProxy;
  before(async () => {
    proxy = await CountingProxy.start(used.platform.baseUrl);
  });
  after(() => proxy.stop());

  const remembered = (): readonly string[] =>
    asArray(used.editor.workspaceState.get(key)).map((entry) => asString(asObject(entry)?.['devboxId']) ?? '');

  it('ask about plain devboxes of this account alone, and only those that are gone are forgotten', async () => {
    const { editor, api, platform } = used;
    await editor.run('runloop.signOut');
    editor.settings.set('runloop.baseUrl', proxy.baseUrl);
    await signIn(editor, platform.apiKey);
    const made = async (name: string, isEnded = false): Promise<string> => {
      const { id } = await api.createDevbox(
        { name, tunnel: { auth_mode: 'open', http_keep_alive: true } },
        { requestId: crypto.randomUUID() },
      );
      await api.waitForStatus(id, ['running'], 20);
      if (isEnded) await api.shutdown(id);
      return id;
    };
    const entries = {
      plain: { devboxId: await made('plain'), isPlain: true },
      withServer: { devboxId: await made('with a server'), isPlain: false },
      endedWithServer: { devboxId: await made('ended with a server', true), isPlain: false },
      ofAnother: { devboxId: await made('of another account'), isPlain: true, account: 'https://other.example' },
      ended: { devboxId: await made('ended', true), isPlain: true },
      // The window attaches to it again, or finds that it is gone.
      attached: { devboxId: 'dbx_gone_with_a_server', isPlain: false },
      gone: { devboxId: 'dbx_gone', isPlain: true },
    };
    const shared = { account: proxy.baseUrl, folder: '/home/user', single: false };
    await editor.workspaceState.update(
      key,
      Object.values(entries).map((entry) => ({ ...shared, ...entry })),
    );
    const { devboxId } = entries.attached;
    await editor.workspaceState.update('runloop.sessions', [{ devboxId, baseUrl: proxy.baseUrl }]);
    proxy.reset();
    used.reload();
    await editor.eventually(() => !remembered().includes('dbx_gone'));
    await sleep(300);
    const asked = proxy.paths.filter((path) => path.startsWith('/v1/devboxes/dbx_')).sort();
    const expected = [entries.plain, entries.ended, entries.gone, entries.attached].map(
      (entry) => `/v1/devboxes/${entry.devboxId}`,
    );
    assert.deepEqual(asked, expected.sort());
    assert.deepEqual(
      remembered(),
      [entries.plain, entries.withServer, entries.endedWithServer, entries.ofAnother, entries.attached].map(
        (entry) => entry.devboxId,
      ),
    );
  });
});
