import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Keep Alive (M8)', function () {
  this.timeout(120_000);
  const used = useWindow();

  async function running(name: string, launch: object = {}): Promise<string> {
    const { id } = await used.api.devboxes.create(
      { name, launch_parameters: launch },
      { requestId: crypto.randomUUID() },
    );
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }
  const idle = { lifecycle: { after_idle: { idle_time_seconds: 600, on_idle: 'suspend' } } };
  const hearts = (): string[] =>
    used.editor.statusItems.filter(({ id, isShown }) => id === 'runloop.keepAlive' && isShown).map(({ text }) => text);

  it('is not switched on for a devbox whose lifetime ends it all the same, and tells what helps', async () => {
    const { editor } = used;
    const id = await running('bounded', { keep_alive_time_seconds: 1_200 });
    await editor.run('runloop.toggleKeepAlive', id);
    const { text, buttons } = await editor.message(/^bounded shuts down in \d+ min, when its lifetime ends/);
    assert.match(text, /Runloop cannot extend a lifetime/);
    assert.deepEqual(buttons, ['Take Snapshot', 'Suspend']);
    assert.deepEqual(hearts(), []);
  });

  it('is switched on where an idle rule can be put off, and off again', async () => {
    const { editor } = used;
    const id = await running('idler', idle);
    await editor.run('runloop.toggleKeepAlive', id);
    assert.deepEqual(hearts(), ['$(heart-filled) idler']);
    await editor.run('runloop.toggleKeepAlive', id);
    assert.deepEqual(hearts(), []);
  });

  it('acts on all that are selected, and names those that it cannot help', async () => {
    const { editor } = used;
    const rows = await Promise.all([running('one', idle), running('two', idle), running('fixed')]);
    const selected = rows.map((id) => ({ id }));
    await editor.run('runloop.toggleKeepAlive', selected[0], selected);
    assert.deepEqual(hearts(), ['$(heart-filled) 2']);
    await editor.message(/^fixed shuts down in/);
  });

  it('is not switched on for what does not run', async () => {
    const { editor, api } = used;
    const id = await running('sleeper', idle);
    await api.devboxes.suspend(id);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await editor.run('runloop.toggleKeepAlive', id);
    await editor.message(/^sleeper is suspended\. Only a running devbox can be kept alive\./);
    assert.deepEqual(hearts(), []);
  });
});
