import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';

describe('The key of the environment, once somebody has signed out', () => {
  const used = useWindow({ isSignedIn: false });
  beforeEach(async () => {
    process.env['RUNLOOP_API_KEY'] = used.platform.apiKey;
    used.reload();
    assert.equal(await source(), 'environment');
  });
  afterEach(() => void delete process.env['RUNLOOP_API_KEY']);

  /** Where the key comes from that the window speaks with; undefined if it has none. */
  const source = async (): Promise<unknown> => {
    const isSignedIn = await used.extension.list().then(
      () => true,
      (error: unknown) => {
        assert.equal((error as { readonly code?: unknown }).code, 'missing_api_key');
        return false;
      },
    );
    const told = used.editor.contexts.get('runloop.account');
    assert.equal(told !== 'none', isSignedIn, `menus are told of ${String(told)}`);
    return isSignedIn ? told : undefined;
  };
  const signOut = async (): Promise<void> => {
    await used.editor.run('runloop.signOut');
    await used.editor.message(/^Signed out of Runloop/);
  };
  const turnTo = async (profile: string | RegExp): Promise<void> => {
    used.editor.answer(/^Switch Profile/, profile);
    await used.editor.run('runloop.switchProfile');
  };

  it('is not used again, whatever makes the window look', async () => {
    const { editor, platform } = used;
    await signOut();
    assert.equal(await source(), undefined);
    await editor.secrets.store('runloop.apiKey:https://other.example', 'ak_other');
    await editor.secrets.delete('runloop.apiKey:https://other.example');
    editor.settings.set('runloop.profiles', { named: platform.baseUrl });
    editor.settings.set('runloop.baseUrl', 'no address at all');
    editor.settings.set('runloop.baseUrl', `${platform.baseUrl}/`);
    assert.equal(await source(), undefined);
  });

  it('is left together with the key that was kept', async () => {
    await used.editor.secrets.store(`runloop.apiKey:${used.platform.baseUrl}`, used.platform.apiKey);
    assert.equal(await source(), 'secret');
    await signOut();
    assert.equal(await source(), undefined);
  });

  it('is used by the next window, and by this one after a sign-in', async () => {
    await signOut();
    await signIn(used.editor, used.platform.apiKey);
    assert.equal(await source(), 'secret');
    await used.editor.secrets.delete(`runloop.apiKey:${used.platform.baseUrl}`);
    assert.equal(await source(), 'environment');
    await signOut();
    assert.equal(await source(), undefined);
    used.reload();
    assert.equal(await source(), 'environment');
  });

  it('has nothing to do with a profile, also of the same address', async () => {
    const { editor, platform } = used;
    editor.settings.set('runloop.profiles', { named: platform.baseUrl });
    await editor.secrets.store(`runloop.apiKey:${platform.baseUrl}#named`, platform.apiKey);
    await turnTo(/^named/);
    await signOut();
    assert.equal(await source(), undefined);
    await turnTo('Default');
    assert.equal(await source(), 'environment', 'signing out of a profile left the environment’s key');
    await signOut();
    editor.answer(/^Sign In to Runloop/, platform.apiKey);
    await turnTo(/^named/);
    assert.equal(await source(), 'secret');
    editor.answer(/^Sign In to Runloop/, undefined);
    await turnTo('Default');
    assert.equal(await source(), undefined, 'signing in to a profile took the environment’s key again');
  });
});
