import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { asArray, asObject, asString } from '../../../../src/core/parse';
import { restoreVscodes } from '../../../../src/extension/openVscode/restoreVscodes';
import type { RestoreServices } from '../../../../src/extension/openVscode/serveAgain';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';

const key = 'runloop.openedVscodes';

describe('Pages of VS Codes after a reload of the window', function () {
  this.timeout(120_000);
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
      const { id } = await api.devboxes.create(
        { name, tunnel: { auth_mode: 'open', http_keep_alive: true } },
        { requestId: crypto.randomUUID() },
      );
      await api.devboxes.waitForStatus(id, ['running'], 20);
      if (isEnded) await api.devboxes.shutdown(id);
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

describe('What a reload of the window begins with', () => {
  interface Asked {
    readonly asked: string[];
    readonly services: RestoreServices;
  }

  /** @param mine of the account that is asked for; each thing that is asked for is noted */
  function window(mine: readonly string[], isOfAccount = true): Asked {
    const asked: string[] = [];
    const noted = <T>(name: string, value: T): T => {
      asked.push(name);
      return value;
    };
    const all = mine.map((devboxId) => ({
      devboxId,
      account: isOfAccount ? 'local' : 'https://other.example',
      folder: '/home/user',
      single: false,
      isPlain: true,
    }));
    const addresses = { expect: (id: string) => Promise.resolve(noted(`listen ${id}`, true)) };
    const services = {
      account: {
        current: () => {
          asked.push('account');
          return Promise.resolve(undefined);
        },
        usesLocal: true,
        baseUrl: () => '',
      },
      openedVscodes: () => Promise.resolve(noted('addresses', { addresses })),
      rememberedVscodes: { all },
      servedSecrets: () => Promise.resolve(noted('secrets', {})),
      sessions: { remembered: { ids: [] } },
      log: { failure: (doing: string, error: unknown) => asked.push(`${doing}: ${String(error)}`) },
    };
    return { asked, services: services as unknown as RestoreServices };
  }

  const settled = (): Promise<void> => sleep(300);

  it('is nothing where it has opened none, or was closed before', async () => {
    const none = window([]);
    const closed = window(['dbx_1']);
    const ofAnother = window(['dbx_1'], false);
    for (const { services } of [none, ofAnother]) restoreVscodes(services);
    restoreVscodes(closed.services).dispose();
    await settled();
    assert.deepEqual(none.asked, []);
    assert.deepEqual(closed.asked, []);
    assert.deepEqual(ofAnother.asked, ['secrets']);
  });

  it('is to listen for all that it has opened, before anybody is asked for anything', async () => {
    const { asked, services } = window(['dbx_1', 'dbx_2']);
    restoreVscodes(services);
    assert.deepEqual(asked, []);
    await eventually(
      (): Promise<readonly string[]> => Promise.resolve(asked),
      (seen: readonly string[]) => seen.includes('account'),
    );
    assert.deepEqual(asked, ['secrets', 'addresses', 'listen dbx_1', 'listen dbx_2', 'account']);
  });
});
