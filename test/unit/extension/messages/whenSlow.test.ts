import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { failureText } from '../../../../src/extension/messages/showFailure';
import { whenSlow } from '../../../../src/extension/messages/whenSlow';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';

describe('What is quick as a rule', function () {
  this.timeout(20_000);
  const used = useFakeEditor();
  const never = (): Promise<string> => new Promise(() => undefined);

  it('shows nothing while it is quick', async () => {
    assert.equal(await whenSlow(() => Promise.resolve('done'), { limitMs: 10_000 }), 'done');
    assert.deepEqual(used.editor.progress, []);
  });

  it('ends when its time is over, shown or not, and tells which time that was', async () => {
    for (const limitMs of [200, 2_000]) {
      await assert.rejects(whenSlow(never, { limitMs }), (error) => {
        assert.ok(RuntimeError.is(error, 'deadline'));
        assert.match(failureText(error), new RegExp(`\\b${limitMs / 1_000} s`));
        return true;
      });
    }
    assert.ok(used.editor.progress.every(({ isOver, isCancellable }) => isOver && isCancellable));
    assert.equal(used.editor.progress.length, 1);
  });

  it('ends when it is given up, also where the work does not', async () => {
    used.editor.cancel(/^Waiting for Runloop/);
    await assert.rejects(whenSlow(never, { limitMs: 15_000 }), (error) => RuntimeError.is(error, 'cancelled'));
  });

  it('fails as the work does', async () => {
    const failure = new Error('no');
    await assert.rejects(
      whenSlow(() => Promise.reject(failure), { limitMs: 10_000 }),
      failure,
    );
  });
});
