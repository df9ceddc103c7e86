import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { groupOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('Shutting down with a snapshot first', function () {
  this.timeout(120_000);
  const used = useWindow();

  async function running(name: string): Promise<string> {
    const { id } = await used.api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  it('names the snapshot that is kept', async () => {
    const { editor } = used;
    const id = await running('precious');
    editor.answer(/^Shut down the devbox precious/, 'Take Snapshot First');
    await editor.run('runloop.shutDownDevbox', id);
    const { text } = await editor.message(/^Devbox precious was shut down/);
    assert.equal(text, 'Devbox precious was shut down. Its disk is kept as the snapshot precious.');
  });

  const notWaitedFor = {
    'Taking it': { title: /^Taking a snapshot of given up/, run: 'runloop.snapshotDevbox' },
    'Shutting down with a snapshot first': { title: /^Shutting down given up/, run: 'runloop.shutDownDevbox' },
  } as const;
  for (const [what, { title, run }] of Object.entries(notWaitedFor)) {
    it(`${what} says of one that is cancelled that it may come all the same, and be paid for`, async () => {
      const { editor, api } = used;
      const id = await running('given up');
      if (run === 'runloop.shutDownDevbox') editor.answer(/^Shut down the devbox given up/, 'Take Snapshot First');
      editor.cancel(title);
      await editor.run(run, id).catch(() => undefined);
      await editor.message(/^The snapshot of given up may still be completed\./);
      assert.equal((await api.devboxes.retrieve(id)).status, 'running');
      await api.devboxes.shutdown(id, { force: true });
      editor.messages.length = 0;
    });
  }

  it('speaks of no snapshot where none was taken', async () => {
    const { editor } = used;
    const id = await running('worthless');
    editor.answer(/^Shut down the devbox worthless/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', id);
    assert.equal((await editor.message(/was shut down/)).text, 'Devbox worthless was shut down.');
  });
});

describe('Shutting down what is selected', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const idle = { lifecycle: { after_idle: { idle_time_seconds: 3_600, on_idle: 'suspend' } } } as const;

  async function running(name: string): Promise<string> {
    const { id } = await used.api.devboxes.create(
      { name, launch_parameters: idle },
      { requestId: crypto.randomUUID() },
    );
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }
  const statuses = (ids: readonly string[]): Promise<string[]> =>
    Promise.all(ids.map(async (id) => (await used.api.devboxes.retrieve(id)).status));
  const rows = (ids: readonly string[]): readonly { readonly id: string }[] => ids.map((id) => ({ id }));
  const isKeyKept = async (id: string): Promise<boolean> =>
    (await used.editor.secrets.get(`runloop.sessionKey:${id}`)) !== undefined;

  it('ends each of these and no other one, with its key and what kept it alive', async () => {
    const { editor } = used;
    const [first, second, other] = await Promise.all(['first', 'second', 'other'].map(running));
    assert.ok(first !== undefined && second !== undefined && other !== undefined);
    for (const id of [first, second, other]) await editor.secrets.store(`runloop.sessionKey:${id}`, 'a'.repeat(64));
    const kept = rows([first, second, other]);
    await editor.run('runloop.toggleKeepAlive', kept[0], kept);
    const selected = rows([first, second]);
    editor.answer(/^Shut down 2 devboxes\?/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', selected[0], selected);
    await editor.message(/^2 devboxes were shut down\./);
    assert.deepEqual(await statuses([first, second, other]), ['shutdown', 'shutdown', 'running']);
    assert.deepEqual(await Promise.all([first, second, other].map(isKeyKept)), [false, false, true]);
    const heart = editor.statusItems.find(({ id, isShown }) => id === 'runloop.keepAlive' && isShown);
    assert.equal(heart?.text, '$(heart-filled) other');
    await editor.run('runloop.toggleKeepAlive', other);
    await used.api.devboxes.shutdown(other);
  });

  it('has what was shut down among those that have ended at once, before the next list', async () => {
    const { editor } = used;
    const id = await running('gone');
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    editor.answer(/^Shut down the devbox gone\?/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', id);
    assert.equal(await groupOf(view, 'gone'), 'Ended in the Last Day');
    await editor.message(/^Devbox gone was shut down\./);
  });

  it('asks in words that cannot be misread while a snapshot is taken; Escape keeps devbox and snapshot (U16)', async () => {
    const { editor, api, platform } = used;
    const id = await running('in a snapshot');
    const path = '/v1/devboxes/{id}/shutdown';
    await orderFaults(platform, { fault: 'status', status: 409, method: 'POST', path });
    editor.answer(/^Shut down the devbox in a snapshot\?/, 'Shut Down');
    editor.answer(/^A snapshot of in a snapshot is being taken/, undefined);
    await editor.run('runloop.shutDownDevbox', id).catch(() => undefined);
    const question = editor.messages.find(({ text }) => /is being taken/.test(text));
    assert.deepEqual(question?.buttons, ['Wait for Snapshot', 'Shut Down Anyway', 'Keep Devbox']);
    assert.deepEqual(await statuses([id]), ['running']);
    await orderFaults(platform);
    await api.devboxes.shutdown(id);
    editor.messages.length = 0;
  });

  it('asks about those alone that still live', async () => {
    const { editor } = used;
    const [ended, alive] = await Promise.all(['ended before', 'alive'].map(running));
    assert.ok(ended !== undefined && alive !== undefined);
    await used.extension.list();
    await used.api.devboxes.shutdown(ended);
    const selected = rows([ended, alive]);
    editor.answer(/^Shut down the devbox alive\?/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', selected[0], selected);
    await editor.message(/^Devbox alive was shut down\./);
    assert.deepEqual(await statuses([ended, alive]), ['shutdown', 'shutdown']);
  });

  it('ends none where the question is left with Escape', async () => {
    const { editor } = used;
    const ids = await Promise.all(['left one', 'left two'].map(running));
    editor.answer(/^Shut down 2 devboxes\?/, undefined);
    await editor.run('runloop.shutDownDevbox', rows(ids)[0], rows(ids));
    assert.deepEqual(await statuses(ids), ['running', 'running']);
    await Promise.all(ids.map((id) => used.api.devboxes.shutdown(id)));
  });
});
