import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Attaching to a devbox', function () {
  this.timeout(120_000);
  const used = useWindow();

  /** A devbox with an action server, which this window has started and let go of. */
  async function startedAndLeft(name: string): Promise<string> {
    const { editor, extension } = used;
    editor.answer(/^Start Devbox/, name);
    await editor.run('runloop.startDevbox');
    const devbox = (await extension.list()).find((one) => one.name === name);
    assert.ok(devbox?.attached);
    await editor.run('runloop.detachDevbox', devbox.id);
    editor.messages.length = 0;
    editor.progress.length = 0;
    return devbox.id;
  }

  const isAttached = async (id: string): Promise<boolean | undefined> =>
    (await used.extension.list()).find((one) => one.id === id)?.attached;

  it('shows progress, then the output, and runs commands in it', async () => {
    const { editor, extension } = used;
    const id = await startedAndLeft('attach-one');
    assert.equal(await isAttached(id), false);
    await editor.run('runloop.attachDevbox', id);
    assert.equal(await isAttached(id), true);
    assert.deepEqual(
      editor.progress.map(({ title, location, isOver }) => [title, location, isOver]),
      [['Attaching to attach-one…', 'Notification', true]],
    );
    assert.ok(editor.channels.find(({ name }) => name.startsWith('Runloop: attach-one'))?.isShown);
    const item = editor.statusItems.find((one) => one.id === 'runloop.session');
    assert.ok(item?.isShown);
    assert.match(item.text, /attach-one/);
    editor.answer(/^Another extension wants to run a command in the devbox attach-one/, 'Run Once');
    assert.match((await extension.run(id, 'echo here')).content, /here/);
  });

  it('joins an attach that is under way, and does nothing where the window is attached', async () => {
    const { editor } = used;
    const id = await startedAndLeft('attach-two');
    await Promise.all([editor.run('runloop.attachDevbox', id), editor.run('runloop.attachDevbox', id)]);
    assert.deepEqual(
      editor.progress.map(({ isCancellable }) => isCancellable),
      [true, true],
    );
    const log = editor.output(/^Runloop$/);
    await editor.run('runloop.attachDevbox', id);
    assert.equal(editor.progress.length, 2);
    assert.equal(editor.output(/^Runloop$/), log);
  });

  it('gives up when the person cancels, and can be tried again', async () => {
    const { editor } = used;
    const id = await startedAndLeft('attach-three');
    editor.cancel(/^Attaching to attach-three/);
    await editor.run('runloop.attachDevbox', id);
    assert.equal(await isAttached(id), false);
    // A cancellation is the person's own doing.
    assert.deepEqual(editor.messages, []);
    await editor.run('runloop.attachDevbox', id);
    assert.equal(await isAttached(id), true);
  });

  it('says why it cannot, with what helps', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'attach-gone' }, { requestId: 'attach-gone' });
    await api.devboxes.shutdown(id);
    await editor.run('runloop.attachDevbox', id);
    const message = await editor.message(/attach-gone|has ended|shutdown/);
    assert.equal(message.kind, 'error');
    assert.ok(message.buttons.includes('Show Output'));
    assert.notEqual(await isAttached(id), true);
  });
});
