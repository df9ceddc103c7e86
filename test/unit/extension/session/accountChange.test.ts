import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { useWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';

/** More requests than one thing that a window does makes. */
const mostRequests = 60;

describe('What was begun for an account', function () {
  this.timeout(180_000);
  const used = useWindow();
  const other = usePlatform();
  let proxy: CountingProxy;

  before(async () => {
    proxy = await CountingProxy.start(used.platform.baseUrl);
    await other.platform.client().devboxes.createAndAwaitRunning({ name: 'of the second account' });
  });
  after(() => proxy.stop());

  /** The window uses the first account, through the proxy. */
  async function beginWithFirst(): Promise<void> {
    const { editor, platform } = used;
    await editor.secrets.store(`runloop.apiKey:${proxy.baseUrl}`, platform.apiKey);
    await editor.secrets.store(`runloop.apiKey:${other.platform.baseUrl}`, other.platform.apiKey);
    proxy.reset();
    editor.settings.set('runloop.baseUrl', proxy.baseUrl);
    const names = (await used.extension.list()).map(({ name }) => name);
    assert.ok(!names.includes('of the second account'), names.join());
  }

  /** A devbox of the first account, whose key this window has. */
  async function startWithFirst(): Promise<string> {
    await beginWithFirst();
    used.editor.answer(/wants to start the devbox/, 'Start Devbox');
    const { id } = await used.extension.start({ name: 'of the first account' });
    return id;
  }

  const remembered = (): string => JSON.stringify(used.editor.workspaceState.get('runloop.sessions') ?? []);

  /** Does something again and again, and turns the window to the second account before its first, second … request. */
  async function changeAtEachRequest(does: () => Promise<unknown>): Promise<number> {
    const { editor, extension } = used;
    for (let change = 1; change <= mostRequests; change += 1) {
      await beginWithFirst();
      for (const box of editor.boxes) box.hide();
      editor.messages.length = 0;
      proxy.reset();
      const changed = { is: false };
      proxy.before = async (count) => {
        if (count !== change) return;
        changed.is = true;
        editor.settings.set('runloop.baseUrl', other.platform.baseUrl);
        // The window knows by the time that the answer comes.
        await extension.list();
      };
      await does().catch(() => undefined);
      if (!changed.is) return change - 1;
      const where = `changed before request ${change}`;
      assert.deepEqual(
        (await extension.list()).map(({ name, attached }) => [name, attached]),
        [['of the second account', false]],
        where,
      );
      assert.ok(!remembered().includes(other.platform.baseUrl), where);
      const said = editor.messages.filter(
        ({ text }) => /is ready|has ended|Attached/.test(text) && !/used before/.test(text),
      );
      assert.deepEqual(said, [], where);
      // Nothing speaks with the first account any more; what was on its way has come back.
      await sleep(100);
      const count = proxy.count;
      await sleep(1_300);
      assert.equal(proxy.count, count, `${where}: something goes on asking the first account`);
    }
    throw new Error(`It made more than ${mostRequests} requests.`);
  }

  it('an attach that it overtakes does not join the next account’s window', async () => {
    const devboxId = await startWithFirst();
    await used.editor.run('runloop.detachDevbox', devboxId);
    const requests = await changeAtEachRequest(async () => {
      await used.editor.run('runloop.attachDevbox', devboxId);
      await used.editor.run('runloop.detachDevbox', devboxId);
    });
    assert.ok(requests >= 2, String(requests));
  });

  it('a list that it overtakes does not land in the next account’s view', async () => {
    const requests = await changeAtEachRequest(() => used.editor.run('runloop.refreshDevboxes'));
    assert.ok(requests >= 1, String(requests));
  });

  it('a start that it overtakes stays in its account, and is told of', async () => {
    const { editor, extension } = used;
    let ready = 0;
    const requests = await changeAtEachRequest(async () => {
      editor.answer(/wants to start the devbox/, 'Start Devbox');
      const started = await extension.start({ name: 'started meanwhile' }).then(
        () => true,
        (error: unknown) => RuntimeError.is(error, 'account_changed'),
      );
      assert.ok(started);
      if (editor.messages.some(({ text }) => /used before/.test(text))) ready += 1;
    });
    assert.ok(requests >= 3 && ready === requests, `${requests} requests, told ${ready} times`);
  });

  it('attaching again forgets nothing of the account that the window left', async () => {
    const { editor } = used;
    const devboxId = await startWithFirst();
    assert.ok(remembered().includes(devboxId));
    await changeAtEachRequest(async () => {
      // Away and back: the window attaches again by itself.
      editor.settings.set('runloop.baseUrl', other.platform.baseUrl);
      await used.extension.list();
      const isChanging = proxy.before;
      editor.settings.set('runloop.baseUrl', proxy.baseUrl);
      proxy.before = isChanging;
      await used.extension.list();
      await sleep(500);
    });
    assert.ok(remembered().includes(devboxId), remembered());
    await editor.run('runloop.detachDevbox', devboxId);
  });

  it('a diagnosis that it overtakes ends', async () => {
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'searched' });
    const requests = await changeAtEachRequest(() => used.editor.run('runloop.copyWhyItStopped', id));
    assert.ok(requests >= 1, String(requests));
  });
});
