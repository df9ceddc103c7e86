import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Trying without an account on a computer without Linux', function () {
  this.timeout(120_000);
  const used = useWindow({ isSignedIn: false });
  const here = process.platform;
  afterEach(() => void Object.defineProperty(process, 'platform', { value: here }));

  for (const [system, isOffered] of [
    ['linux', true],
    ['darwin', false],
    ['win32', false],
  ] as const) {
    it(`is ${isOffered ? '' : 'not '}offered on ${system}`, async () => {
      const { editor } = used;
      Object.defineProperty(process, 'platform', { value: system });
      editor.contexts.clear();
      used.reload();
      // Known from when the window first looks who is signed in, as it does to show its view.
      await assert.rejects(used.extension.list(), { code: 'missing_api_key' });
      assert.equal(editor.contexts.get('runloop.noLocalPlatform'), !isOffered);
      if (isOffered) return;
      await editor.run('runloop.tryLocally');
      assert.deepEqual(
        editor.messages.map(({ kind, text }) => [kind, text]),
        [['information', 'The local platform runs only on Linux. Sign in to use the devboxes of a Runloop account.']],
      );
      assert.deepEqual(editor.progress, []);
    });
  }
});
