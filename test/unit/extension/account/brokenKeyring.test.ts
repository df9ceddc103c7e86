import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { groupOf, labelOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('A keyring that does not work (A6)', function () {
  this.timeout(120_000);
  const used = useWindow();
  afterEach(() => {
    mock.timers.reset();
    mock.reset();
    delete process.env['RUNLOOP_API_KEY'];
  });

  const refusal = (): Promise<never> => Promise.reject(new Error('org.freedesktop.secrets was not provided'));
  /** Makes the window look for its account anew. */
  const lookAgain = (): void => {
    used.editor.settings.set('runloop.profiles', {});
  };
  /** Lets the time pass that a keyring gets, while the window waits for it. */
  const passTimeUntil = async (work: Promise<unknown>): Promise<void> => {
    const ended = { is: false };
    const end = (): void => void (ended.is = true);
    work.then(end, end);
    while (!ended.is) {
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(100);
    }
  };

  it('and never answers is given up, told of in words, and taken at its word once it does', async () => {
    const { editor, extension, platform } = used;
    let answer: (key: string) => void = () => undefined;
    const asked = mock.method(editor.secrets, 'get', () => new Promise<string>((resolve) => (answer = resolve)));
    mock.timers.enable({ apis: ['setTimeout'] });
    editor.contexts.clear();
    lookAgain();
    const listing = assert.rejects(extension.list(), /keyring of this computer .* not responding/);
    await passTimeUntil(listing);
    await listing;
    assert.ok(asked.mock.callCount() >= 1);
    mock.timers.reset();
    const calls = asked.mock.callCount();
    answer(platform.apiKey);
    await editor.eventually(() => editor.contexts.get('runloop.account') === 'secret');
    assert.deepEqual(await extension.list(), []);
    assert.equal(asked.mock.callCount(), calls, 'it was asked again');
  });

  it('and never answers is passed over for the key of the environment', async () => {
    const { editor, extension, platform } = used;
    process.env['RUNLOOP_API_KEY'] = platform.apiKey;
    mock.method(editor.secrets, 'get', () => new Promise(() => undefined));
    mock.timers.enable({ apis: ['setTimeout'] });
    lookAgain();
    const listing = extension.list();
    await passTimeUntil(listing);
    mock.timers.reset();
    assert.deepEqual(await listing, []);
    await editor.eventually(() => editor.contexts.get('runloop.account') === 'environment');
  });

  it('and works again after a while shows the account as soon as anybody has found it, not when the list is read again', async () => {
    const { editor, extension, platform } = used;
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    const refused = mock.method(editor.secrets, 'get', refusal);
    lookAgain();
    // The list looks less and less often: after a handful of failures not for more than a minute.
    for (let time = 0; time < 6; time += 1) await editor.run('runloop.refreshDevboxes');
    const notice = async (): Promise<boolean> =>
      (await view.rows()).some(({ item }) => labelOf(item) === 'The list could not be refreshed');
    await eventually(notice, (is) => is);
    refused.mock.restore();
    editor.answer(/^Start Devbox/, 'found');
    await editor.run('runloop.startDevbox');
    await editor.message(/^Devbox found is ready/);
    await editor.eventually(() => view.message === new URL(platform.baseUrl).host);
    await eventually(
      async () => (await groupOf(view, 'found')) !== undefined && !(await notice()),
      (is) => is,
    );
    const [devbox] = await extension.list();
    assert.ok(devbox?.attached);
    editor.answer(/Shut down the devbox/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', devbox.id);
    await editor.message(/was shut down/);
  });

  for (const [what, given] of [
    ['several lines', 'ak_a\nak_b'],
    ['control characters', 'ak_\u0000'],
    ['another alphabet', 'ключ'],
    ['nothing', '  '],
    ['no text', { key: 'ak_a' } as unknown as string],
  ] as const) {
    it(`and gives ${what} is not believed`, async () => {
      const { editor, extension, platform } = used;
      mock.method(editor.secrets, 'get', () => Promise.resolve(given));
      lookAgain();
      await assert.rejects(extension.list(), (error: { code?: string; message?: string }) => {
        assert.ok(error.code === 'keyring' || error.code === 'missing_api_key', error.message);
        assert.doesNotMatch(String(error.message), /ak_|ключ/);
        return true;
      });
      process.env['RUNLOOP_API_KEY'] = platform.apiKey;
      lookAgain();
      assert.deepEqual(await extension.list(), []);
    });
  }

  it('and keeps nothing says so where somebody signs in or out, and the window goes on as it was', async () => {
    const { editor, extension, platform } = used;
    mock.method(editor.secrets, 'store', refusal);
    const signingIn = editor.run('runloop.signIn');
    const box = await editor.box(/^Sign In to Runloop/);
    box.type(platform.apiKey);
    box.accept();
    await editor.eventually(() => /keyring/.test(JSON.stringify('validationMessage' in box && box.validationMessage)));
    box.hide();
    await signingIn;
    assert.ok(!editor.messages.some(({ text }) => text.startsWith('Signed in')));
    mock.method(editor.secrets, 'delete', refusal);
    await editor.run('runloop.signOut');
    await editor.message(/keyring/);
    assert.ok(!editor.messages.some(({ text }) => text.startsWith('Signed out')));
    assert.deepEqual(await extension.list(), []);
  });

  it('and takes no session keys ends no start, and hides no end', async () => {
    const { editor, extension } = used;
    mock.method(editor.secrets, 'store', refusal);
    mock.method(editor.secrets, 'delete', refusal);
    editor.answer(/^Start Devbox/, 'without keyring');
    await editor.run('runloop.startDevbox');
    await editor.message(/^Devbox without keyring is ready/);
    const [devbox] = await extension.list();
    assert.ok(devbox?.attached);
    // Another window, which has no key of it.
    await editor.run('runloop.detachDevbox', devbox.id);
    await editor.run('runloop.attachDevbox', devbox.id);
    assert.ok((await extension.list())[0]?.attached);
    editor.answer(/Shut down the devbox/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', devbox.id);
    await editor.message(/was shut down/);
    assert.ok(!editor.messages.some(({ kind }) => kind === 'error'), JSON.stringify(editor.messages));
  });
});
