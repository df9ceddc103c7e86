import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { fromSdkError } from '../../../../src/core/platform/apiErrors';
import { startProblem } from '../../../../src/core/problems/start';
import { Log } from '../../../../src/extension/messages/log';
import { failureText, showFailure } from '../../../../src/extension/messages/showFailure';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';

describe('Messages about failures', () => {
  const used = useFakeEditor();

  const gone = Object.assign(
    new Error("Cannot find module '/ext/dist/chunks/a.js' imported from /ext/dist/extension.js"),
    {
      code: 'ERR_MODULE_NOT_FOUND',
    },
  );
  for (const [what, error] of Object.entries<Error>({
    'code that is gone after an update': gone,
    'code that is gone, inside another failure': new RuntimeError({
      problem: startProblem('start_failed', { why: 'outer' }),
      cause: new Error('outer', { cause: gone }),
    }),
    'a worker whose code is gone': Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' }),
    'code that is half new': new SyntaxError("The requested module './b.js' does not provide an export named 'c'"),
  })) {
    it(`offer to reload the window for ${what}`, async () => {
      const { editor } = used;
      const reloads: string[] = [];
      editor.commands.set('workbench.action.reloadWindow', () => reloads.push('reload'));
      editor.answer(/^The extension was updated or removed/, 'Reload Window');
      showFailure('A command', error, new Log(), () => Promise.resolve());
      await editor.eventually(() => reloads.length > 0);
      const [message] = editor.messages;
      assert.deepEqual(message?.buttons, ['Reload Window']);
      assert.doesNotMatch(message.text, /chunks|module/i);
    });
  }

  it('offer no reload for what only sounds like it', async () => {
    const { editor } = used;
    showFailure('A command', new Error('Cannot find module, said the devbox'), new Log());
    await editor.message(/said the devbox/);
    assert.deepEqual(editor.messages[0]?.buttons, ['Show Log']);
  });

  it('say of a 402 that Runloop requires payment', () => {
    const error = fromSdkError({ status: 402, error: { message: 'No credit left' } }, 'creating a devbox');
    assert.equal(error.code, 'payment');
    assert.match(error.message, /No credit left/);
    assert.match(error.nextStep, /payment method and credit/);
    assert.match(failureText(error), /^Runloop requires payment .*\(402\)/);
  });
});
