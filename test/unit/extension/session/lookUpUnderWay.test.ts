import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { freePort } from '../../../platform/freePort';
import { useChangingAccounts } from './changingAccounts';

describe('While a window looks up its next account', function () {
  this.timeout(120_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);
  const { startWithFirst, remembered } = accounts;

  /** The window is told of its next account, and waits for its key. @returns lets the key come */
  function turn(): () => Promise<void> {
    const { editor } = used;
    let come: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (come = resolve));
    editor.whileBusy = (what) =>
      what.startsWith('secret') && what.includes(accounts.otherBaseUrl) ? held : Promise.resolve();
    editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
    return async () => {
      editor.whileBusy = () => Promise.resolve();
      come();
      await used.extension.list();
    };
  }
  /** The next account was not asked for what is not its own. */
  function isUnasked(...devboxIds: readonly string[]): void {
    const asked = accounts.second.paths.filter((path) => devboxIds.some((id) => path.includes(id)));
    assert.deepEqual(asked, []);
  }

  it('what it was attached to is asked for in its own account only', async () => {
    const { editor } = used;
    const [first, second] = [await startWithFirst(), await startWithFirst()];
    await turn()();
    editor.progress.length = 0;
    let come: (() => Promise<void>) | undefined;
    accounts.proxy.before = (_, path) => {
      if (path.includes(first)) come ??= turn();
    };
    // Back in the first account, the window attaches to one after the other.
    editor.settings.set('runloop.baseUrl', accounts.proxy.baseUrl);
    await editor.eventually(() => editor.progress.some(({ title }) => title.includes(second)));
    await come?.();
    await editor.eventually(() => editor.progress.every(({ isOver }) => isOver));
    isUnasked(first, second);
    for (const id of [first, second]) assert.ok(remembered().includes(id), remembered());
  });

  it('a row that is clicked belongs to the account that is shown', async () => {
    const { editor } = used;
    const id = await startWithFirst();
    await editor.run('runloop.detachDevbox', id);
    for (const command of ['attachDevbox', 'showOutput', 'openVscode', 'suspendDevbox', 'copyWhyItStopped']) {
      await accounts.beginWithFirst();
      accounts.second.reset();
      editor.messages.length = 0;
      const come = turn();
      const clicked = editor.run(`runloop.${command}`, id);
      await come();
      await clicked;
      isUnasked(id);
      await editor.message(/has switched to another account/);
    }
    assert.equal((await used.api.devboxes.retrieve(id)).status, 'running');
  });

  /** The window is told of its next account when somebody answers a question. */
  function turnAt(question: RegExp): () => Promise<void> {
    const { editor } = used;
    let come: (() => Promise<void>) | undefined;
    editor.whileBusy = (what) => {
      if (question.test(what.replace(/^question /, ''))) come = turn();
      return Promise.resolve();
    };
    return async () => {
      await editor.eventually(() => come !== undefined);
      await come?.();
    };
  }

  it('why a devbox stopped is asked in the account in which that was chosen', async () => {
    const { editor, platform } = used;
    const { id } = await platform.client().devboxes.createAndAwaitRunning({ name: 'gone' });
    await platform.client().devboxes.shutdown(id);
    await accounts.beginWithFirst();
    accounts.second.reset();
    const question = /^Select a devbox to find out why it stopped/;
    editor.answer(question, 'gone');
    const come = turnAt(question);
    const asked = editor.run('runloop.copyWhyItStopped');
    await come();
    await asked;
    isUnasked(id);
    editor.forgive();
  });

  it('a link opens what was asked about, or nothing', async () => {
    const { editor, platform } = used;
    const { id } = await platform.client().devboxes.createAndAwaitRunning({ name: 'linked' });
    await accounts.beginWithFirst();
    accounts.second.reset();
    const question = /^Open the VS Code of the devbox/;
    editor.answer(question, 'Open VS Code');
    editor.answer(/^Start a VS Code server/, undefined);
    const come = turnAt(question);
    const uri = Uri.parse(`vscode://runloop-devboxes.runloop-devboxes/open?devbox=${id}`);
    const opened = editor.uriHandler?.handleUri(uri);
    await come();
    await opened;
    isUnasked(id);
    editor.forgive();
  });

  it('what comes through a forwarded port is passed on by its own account', async () => {
    const { editor, platform } = used;
    const { id } = await platform.client().devboxes.createAndAwaitRunning({ name: 'forwarded' });
    await accounts.beginWithFirst();
    accounts.second.reset();
    const local = await freePort();
    editor.answer(/^Forward Port/, String(local));
    await editor.run('runloop.forwardPort', { kind: 'port', devboxId: id, port: 80 });
    const come = turn();
    const asked = fetch(`http://localhost:${local}/`).then(
      (answer) => answer.text(),
      () => '',
    );
    // It tells nobody when it has come to the forwarder.
    await sleep(500);
    await come();
    await asked;
    isUnasked(id);
  });
});
