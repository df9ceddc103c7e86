import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from './changingAccounts';

describe('What was begun for an account', function () {
  this.timeout(180_000);
  const used = useWindow();
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
    assert.ok(remembered().includes(devboxId), remembered());
    await editor.run('runloop.detachDevbox', devboxId);
  });

  it('a search that it overtakes ends, and shows nothing of the account that the window left', async () => {
    const { editor } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({
      name: 'logs of the first account',
      entrypoint: 'echo needle of the first account; sleep 100',
    });
    const requests = await changeAtEachRequest(
      async () => {
        const searching = editor.run('runloop.searchLogs', id);
        searching.catch(() => undefined);
        await sleep(1_000);
        const box = editor.boxes.find((one) => one.isShown && /^Search the Log/.test(one.question));
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
      await used.api.waitForStatus(id, [status], 20);
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
