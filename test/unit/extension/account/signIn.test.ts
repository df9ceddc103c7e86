import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';

describe('Signing in', () => {
  const used = useWindow({ isSignedIn: false });

  it('keeps a key that the API accepts, and tells menus and the person', async () => {
    const { editor, platform, extension } = used;
    await assert.rejects(extension.list(), { code: 'missing_api_key' });
    assert.equal(editor.contexts.get('runloop.account'), 'none');
    await signIn(editor, platform.apiKey);
    assert.match((await editor.message(/Signed in/)).text, /^Signed in to Runloop/);
    assert.deepEqual(await extension.list(), []);
    assert.equal(editor.contexts.get('runloop.account'), 'secret');
    assert.deepEqual(await editor.secrets.keys(), [`runloop.apiKey:${platform.baseUrl}`]);
  });

  it('says in the box what is wrong with a key, and takes the next one', async () => {
    const { editor, platform } = used;
    const signingIn = editor.run('runloop.signIn');
    const box = await editor.box(/^Sign In to Runloop/);
    assert.ok('password' in box && box.password);
    box.type('ak_not_the_right_one');
    box.accept();
    await editor.eventually(() => box.validationMessage !== undefined);
    assert.equal(box.validationMessage, 'Runloop does not accept this API key. Sign in again with a valid key.');
    assert.deepEqual(await editor.secrets.keys(), []);
    box.type(platform.apiKey);
    assert.equal(box.validationMessage, undefined);
    box.accept();
    await signingIn;
    assert.deepEqual(await editor.secrets.keys(), [`runloop.apiKey:${platform.baseUrl}`]);
    assert.doesNotMatch(editor.output(/^Runloop$/), new RegExp(platform.apiKey));
  });

  it('leads to where a key is made, for Runloop’s own address alone (U20)', async () => {
    const { editor } = used;
    const buttons = async (): Promise<readonly string[]> => {
      const signingIn = editor.run('runloop.signIn');
      const box = await editor.box(/^Sign In to Runloop/);
      const tooltips = box.buttons.map(({ tooltip }) => tooltip ?? '');
      for (const tooltip of tooltips) box.press(tooltip);
      assert.ok(box.isShown, 'the box waits for the key that is being made');
      box.hide();
      await signingIn;
      return tooltips;
    };
    assert.deepEqual([await buttons(), editor.opened], [[], []]);
    editor.settings.set('runloop.baseUrl', '');
    assert.deepEqual(await buttons(), ['Create a Key in the Runloop Dashboard']);
    assert.deepEqual(editor.opened, ['https://platform.runloop.ai/settings']);
  });

  it('keeps nothing when the box is left', async () => {
    const { editor, platform } = used;
    const signingIn = editor.run('runloop.signIn');
    const box = await editor.box(/^Sign In to Runloop/);
    box.type(platform.apiKey);
    box.hide();
    await signingIn;
    assert.deepEqual(await editor.secrets.keys(), []);
    assert.deepEqual(editor.messages, []);
  });

  it('forgets the key when the person signs out', async () => {
    const { editor, platform, extension } = used;
    await signIn(editor, platform.apiKey);
    await editor.run('runloop.signOut');
    assert.deepEqual(await editor.secrets.keys(), []);
    await assert.rejects(extension.list(), { code: 'missing_api_key' });
    await editor.message(/^Signed out of Runloop/);
  });
});
