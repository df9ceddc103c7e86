import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from './changingAccounts';

describe('While a window looks up its next account', function () {
  this.timeout(60_000);
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
    assert.equal((await used.api.retrieve(id)).status, 'running');
  });
});
