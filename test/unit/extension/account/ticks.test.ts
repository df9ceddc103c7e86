import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';

describe('The ticks of the walkthrough (U20)', function () {
  this.timeout(120_000);
  const used = useWindow({ isSignedIn: false });

  const ticks = (): readonly string[] =>
    [...used.editor.contexts].flatMap(([key, value]) => (/\.has[A-Z]/.test(key) && value === true ? [key] : []));

  it('come by what really happened, and by nothing that was only tried', async () => {
    const { editor, platform, api } = used;
    await editor.run('runloop.startDevbox');
    assert.deepEqual(ticks(), [], 'nobody has signed in');
    await signIn(editor, platform.apiKey);
    assert.deepEqual(ticks(), ['runloop.hasSignedIn']);
    editor.answer(/^Start Devbox/, undefined);
    await editor.run('runloop.startDevbox');
    await editor.run('runloop.openVscode');
    await editor.run('runloop.showOutput');
    assert.deepEqual(ticks(), ['runloop.hasSignedIn'], 'there is no devbox yet');
    editor.answer(/^Start Devbox/, 'ticked');
    await editor.run('runloop.startDevbox');
    await editor.message(/^Devbox ticked is ready/);
    assert.deepEqual(ticks(), ['runloop.hasSignedIn', 'runloop.hasStartedDevbox']);
    // It has no VS Code.
    const { devboxes } = await api.devboxes.listPage({ limit: 5 });
    await editor.run('runloop.openVscode', devboxes[0]?.id);
    assert.ok(!ticks().includes('runloop.hasOpenedVscode'));
    await editor.run('runloop.showOutput', devboxes[0]?.id);
    assert.ok(ticks().includes('runloop.hasShownOutput'));
    editor.messages.length = 0;
  });
});
