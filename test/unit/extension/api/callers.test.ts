import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';

describe('Other extensions that run commands in a devbox (S4)', function () {
  this.timeout(120_000);
  const used = useWindow();

  /** A devbox that this window has started and is attached to. */
  async function started(name: string): Promise<string> {
    const { editor, extension } = used;
    for (const id of ['one.one', 'two.two']) editor.extensions.set(id, { displayName: `The ${id}` });
    editor.answer(/^Start Devbox/, name);
    await editor.run('runloop.startDevbox');
    return (await extension.list()).find((one) => one.name === name)?.id ?? assert.fail();
  }
  const allow = (who: string, name: string, button: string | undefined): void =>
    used.editor.answer(new RegExp(`^The extension The ${who} wants to run commands in the devbox ${name}`), button);

  it('are each asked for, for each devbox; one that tells no name, each time', async () => {
    const { extension, api } = used;
    const [first, second] = [await started('asked-a'), await started('asked-b')];
    const [one, two] = ['one.one', 'two.two'].map((id) => extension.forExtension(id));
    assert.ok(one !== undefined && two !== undefined);
    allow('one.one', 'asked-a', 'Allow in This Window');
    for (const times of ['once', 'again']) assert.match((await one.run(first, `echo ${times}`)).content, /once|again/);
    allow('two.two', 'asked-a', undefined);
    await assert.rejects(two.run(first, 'echo not'), { code: 'cancelled' });
    allow('one.one', 'asked-b', undefined);
    await assert.rejects(one.run(second, 'echo not'), { code: 'cancelled' });
    for (const button of ['Run Once', undefined]) {
      used.editor.answer(/^Another extension wants to run a command in the devbox asked-a\.\n.*echo each/s, button);
      await (button === undefined
        ? assert.rejects(extension.run(first, 'echo each'), { code: 'cancelled' })
        : extension.run(first, 'echo each'));
    }
    // Nobody is whom they say they are by their id alone: another object is asked for anew.
    allow('one.one', 'asked-a', undefined);
    await assert.rejects(extension.forExtension('one.one').run(first, 'echo not'), { code: 'cancelled' });
    assert.throws(() => extension.forExtension('three.three'), /three\.three/);
    for (const id of [first, second]) await api.devboxes.shutdown(id);
  });

  it('are asked for again after a sign-out, and not at all in a devbox that the window has let go of', async () => {
    const { editor, extension, platform, api } = used;
    const id = await started('signed-out');
    const one = extension.forExtension('one.one');
    allow('one.one', 'signed-out', 'Allow in This Window');
    await one.run(id, 'echo allowed');
    await editor.run('runloop.signOut');
    await assert.rejects(one.run(id, 'echo not'), { code: 'closed' });
    await signIn(editor, platform.apiKey);
    await editor.run('runloop.attachDevbox', id);
    allow('one.one', 'signed-out', undefined);
    await assert.rejects(one.run(id, 'echo not'), { code: 'cancelled' });
    await editor.run('runloop.detachDevbox', id);
    await assert.rejects(one.run(id, 'echo not'), { code: 'closed' });
    await api.devboxes.shutdown(id);
  });

  it('run nothing in a devbox that has ended, whatever was allowed, and are told of those that run only', async () => {
    const { extension, api } = used;
    const id = await started('ended-later');
    const one = extension.forExtension('one.one');
    allow('one.one', 'ended-later', 'Allow in This Window');
    await one.run(id, 'echo allowed');
    const asleep = await started('sleeps-later');
    await api.devboxes.suspend(asleep, {});
    await api.devboxes.waitForStatus(asleep, ['suspended'], 20);
    await api.devboxes.shutdown(id);
    await assert.rejects(one.run(id, 'echo not'));
    const names = (await extension.list()).map(({ name }) => name);
    assert.ok(!names.includes('ended-later') && !names.includes('sleeps-later'), names.join());
    await api.devboxes.shutdown(asleep);
    used.editor.messages.length = 0;
  });
});
