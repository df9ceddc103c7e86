import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { containerNameKey } from '../../../../src/core/platform/devbox';
import { eventually } from '../../../eventually';
import { labelOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';
import { useChangingAccounts } from './changingAccounts';

describe('What was begun for an account', function () {
  this.timeout(180_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const accounts = useChangingAccounts(used);
  const { startWithFirst, remembered, changeAtEachRequest } = accounts;

  it('an attach that it overtakes does not join the next account’s window', async () => {
    const devboxId = await startWithFirst();
    await used.editor.run('runloop.detachDevbox', devboxId);
    const requests = await changeAtEachRequest(async () => {
      await used.editor.run('runloop.attachDevbox', devboxId);
      // Asked for in the next account, it would be looked up there.
      if (used.editor.settings.get('runloop.baseUrl') !== accounts.proxy.baseUrl) return;
      await used.editor.run('runloop.detachDevbox', devboxId);
    });
    assert.ok(requests >= 2, String(requests));
  });

  it('an attach that waits for its devbox ends with the account', async () => {
    const { editor, extension, api, platform } = used;
    await accounts.beginWithFirst();
    const name = 'boots on and on';
    await orderFaults(platform, { fault: 'slow_boot', devbox: name, delay_ms: 600_000 });
    const { id } = await api.devboxes.create({ name, metadata: { [containerNameKey]: name } }, { requestId: name });
    const attaching = editor.run('runloop.attachDevbox', id);
    await eventually(
      () => Promise.resolve(accounts.proxy.paths),
      (paths) => paths.some((path) => path.includes(`${id}/wait_for_status`)),
    );
    editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
    await extension.list();
    await attaching;
    await editor.message(/has switched to another account/);
    assert.equal((await api.devboxes.retrieve(id)).status, 'provisioning', 'nothing else has ended it');
    await orderFaults(platform);
    await api.devboxes.shutdown(id);
  });

  it('a list that it overtakes does not land in the next account’s view', async () => {
    const requests = await changeAtEachRequest(() => used.editor.run('runloop.refreshDevboxes'));
    assert.ok(requests >= 1, String(requests));
  });

  it('a list that it overtakes does not stay where the next account’s cannot be read', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'seen no more' }, { requestId: 'seen no more' });
    await accounts.beginWithFirst();
    const nowhere = 'http://127.0.0.1:1';
    await editor.secrets.store(`runloop.apiKey:${nowhere}`, 'ak_x');
    const changes = (): number => editor.output(/^Runloop$/).split('The account or the address').length;
    const before = changes();
    let isChanged = false;
    accounts.proxy.before = async () => {
      if (isChanged) return;
      isChanged = true;
      editor.settings.set('runloop.baseUrl', nowhere);
      await editor.eventually(() => changes() > before);
    };
    await editor.run('runloop.refreshDevboxes');
    assert.ok(isChanged);
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    for (const { row } of await view.rows()) {
      const below = (await view.rows(row)).map(({ item }) => labelOf(item));
      assert.ok(!below.includes('seen no more'), below.join());
    }
    editor.forgive();
    await api.devboxes.shutdown(id);
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
    // Two: the second one's turn comes in the next account.
    const devboxIds = [await startWithFirst(), await startWithFirst()];
    const isRemembered = (): boolean => devboxIds.every((id) => remembered().includes(id));
    assert.ok(isRemembered());
    await changeAtEachRequest(async () => {
      // Away and back: the window attaches again by itself. What is late of the time before is no part of that.
      const isChanging = accounts.proxy.before;
      accounts.proxy.before = () => undefined;
      editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
      await used.extension.list();
      editor.settings.set('runloop.baseUrl', accounts.proxy.baseUrl);
      accounts.proxy.before = isChanging;
      await used.extension.list();
      await sleep(500);
    });
    assert.ok(isRemembered(), remembered());
    for (const id of devboxIds) await editor.run('runloop.detachDevbox', id);
  });

  it('a search that it overtakes ends, and shows nothing of the account that the window left', async () => {
    const { editor } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({
      name: 'logs of the first account',
      entrypoint: 'echo needle of the first account; sleep 100',
    });
    const requests = await changeAtEachRequest(
      async () => {
        const search = { isOver: false };
        const searching = editor.run('runloop.searchLogs', id).finally(() => (search.isOver = true));
        searching.catch(() => undefined);
        const shown = () => editor.boxes.find((one) => one.isShown && /^Search the Log/.test(one.question));
        // Where the account was changed before, nothing is asked.
        while (shown() === undefined && !search.isOver) await sleep(20);
        const box = shown();
        box?.type('needle');
        box?.accept();
        await searching;
      },
      (where) => {
        const view = editor.views.get('runloop.logSearch');
        assert.ok(!/needle|first account/.test(JSON.stringify([view?.description, view?.message])), where);
      },
    );
    assert.ok(requests >= 1, String(requests));
    const rows = (await editor.views.get('runloop.logSearch')?.rows()) ?? [];
    assert.equal(rows.length, 1, 'at last it has found something');
    await used.platform.client().devboxes.shutdown(id);
  });

  it('a search whose question stands while the account changes is not begun', async () => {
    const { editor, extension } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'asked about' });
    await accounts.beginWithFirst();
    const searching = editor.run('runloop.searchLogs', id);
    const box = await editor.box(/^Search the Log/);
    editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
    await extension.list();
    box.type('needle');
    box.accept();
    await searching;
    await editor.message(/has switched to another account/);
    assert.deepEqual(await editor.views.get('runloop.logSearch')?.rows(), []);
    await used.platform.client().devboxes.shutdown(id);
  });

  it('a search that has just begun shows nothing of the account that the window left meanwhile', async () => {
    const { editor, extension } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'begun' });
    await accounts.beginWithFirst();
    let changed = false;
    editor.whileContextIsSet = async (name) => {
      if (name !== 'runloop.logSearch' || changed) return;
      changed = true;
      editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
      await extension.list();
    };
    const searching = editor.run('runloop.searchLogs', id);
    const box = await editor.box(/^Search the Log/);
    box.type('needle');
    box.accept();
    await searching;
    assert.ok(changed);
    const view = editor.views.get('runloop.logSearch') ?? assert.fail();
    assert.deepEqual([await view.rows(), view.description], [[], '']);
    assert.equal(editor.contexts.get('runloop.logSearch'), undefined);
    await used.platform.client().devboxes.shutdown(id);
  });

  it('what is done to a devbox that it overtakes stays in its account', async () => {
    const { editor } = used;
    const { devboxes } = used.platform.client();
    const { id } = await devboxes.createAndAwaitRunning({
      name: 'changed meanwhile',
      launch_parameters: { after_idle: { idle_time_seconds: 3_600, on_idle: 'suspend' } },
    });
    const ensure = async (status: 'running' | 'suspended'): Promise<void> => {
      const now = (await devboxes.retrieve(id)).status;
      if (now === status || now === `${status}ing`) return;
      await (status === 'running' ? devboxes.resume(id) : devboxes.suspend(id));
      await used.api.devboxes.waitForStatus(id, [status], 20);
    };
    const commands: readonly (readonly [string, 'running' | 'suspended'])[] = [
      ['suspendDevbox', 'running'],
      ['resumeDevbox', 'suspended'],
      ['renameDevbox', 'running'],
      ['toggleKeepAlive', 'running'],
    ];
    for (const [command, status] of commands) {
      const requests = await changeAtEachRequest(
        async () => {
          await ensure(status);
          if (command === 'suspendDevbox') editor.answer(/^Suspend changed meanwhile/, 'Suspend');
          if (command === 'renameDevbox') editor.answer(/^Rename Devbox/, 'changed meanwhile');
          await editor.run(`runloop.${command}`, id);
        },
        (where) => {
          editor.forgive();
          const item = editor.statusItems.find((one) => one.isShown && one.text.includes('heart'));
          assert.equal(item, undefined, `${command} ${where}`);
        },
      );
      editor.forgive();
      assert.ok(requests >= 1, `${command} ${requests}`);
    }
    await used.platform.client().devboxes.shutdown(id);
  });

  it('a diagnosis that it overtakes ends', async () => {
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'searched' });
    const requests = await changeAtEachRequest(() => used.editor.run('runloop.copyWhyItStopped', id));
    assert.ok(requests >= 1, String(requests));
  });
});
