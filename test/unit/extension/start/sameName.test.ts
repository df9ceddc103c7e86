import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from '../session/changingAccounts';

describe('A start of the same name as one that is under way', function () {
  this.timeout(120_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);
  let letGo: () => void = () => undefined;
  afterEach(() => letGo());

  /** Holds the first account's creates back until {@link letGo}. */
  function holdCreates(): { readonly count: () => number } {
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let creates = 0;
    accounts.proxy.before = (_count, path) => {
      if (path !== '/v1/devboxes') return undefined;
      creates += 1;
      return held;
    };
    return { count: () => creates };
  }

  it('is one of its own in another account', async () => {
    const { editor, extension } = used;
    await accounts.beginWithFirst();
    const first = holdCreates();
    editor.answer(/^Start Devbox/, 'same');
    const starting = editor.run('runloop.startDevbox');
    await editor.eventually(() => first.count() > 0);
    editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
    await extension.list();
    editor.answer(/^Start Devbox/, 'same');
    await editor.run('runloop.startDevbox');
    await editor.message(/^Devbox same is ready\./);
    const names = (await extension.list()).map(({ name }) => name);
    assert.ok(names.includes('same'), names.join());
    letGo();
    await starting;
    await editor.message(/^Devbox same is ready and running in the account that this window used before\./);
  });

  it('joins it where all is the same, and is one of its own where something else was chosen', async () => {
    const { editor, extension } = used;
    await accounts.beginWithFirst();
    const first = holdCreates();
    const starts: Promise<unknown>[] = [];
    const start = (): void => {
      editor.answer(/^Start Devbox/, 'twice');
      starts.push(editor.run('runloop.startDevbox'));
    };
    start();
    await editor.eventually(() => first.count() === 1);
    start();
    await starts[1];
    assert.equal(first.count(), 1, 'the second Enter started another one');
    editor.settings.set('runloop.size', 'SMALL');
    start();
    await editor.eventually(() => first.count() === 2);
    letGo();
    await Promise.all(starts);
    const { length } = (await extension.list()).filter(({ name }) => name === 'twice');
    assert.equal(length, 2);
    await editor.message(/^Devbox twice is ready\./);
  });
});
