import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { devboxItems } from '../../../../src/extension/devboxes/pickDevbox';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults, turnClock } from '../../../platform/orderedFaults';

describe('Picking a devbox', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const copy = (...args: readonly unknown[]): Promise<unknown> => used.editor.run('runloop.copyDevboxId', ...args);

  it('says so where there is none', async () => {
    const { editor } = used;
    await copy();
    await editor.run('runloop.openVscode');
    await editor.run('runloop.searchLogs');
    await editor.run('runloop.whyDidItStop');
    await editor.run('runloop.resumeDevbox');
    for (const { kind, text, buttons } of editor.messages) {
      assert.deepEqual([kind, text, buttons], ['information', 'You have no devboxes.', ['Start Devbox']]);
    }
    assert.equal(editor.messages.length, 5);
    const starts: string[] = [];
    editor.commands.set('runloop.startDevbox', () => starts.push('started'));
    editor.answer(/^You have no devboxes/, 'Start Devbox');
    await copy();
    assert.deepEqual(starts, ['started']);
  });

  it('offers those that run, by name, id and age, and takes the one that is picked', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'pick $(trash) me' }, { requestId: 'pick-1' });
    await api.devboxes.create({ name: 'other' }, { requestId: 'pick-2' });
    const ended = await api.devboxes.create({ name: 'ended' }, { requestId: 'pick-3' });
    await api.devboxes.shutdown(ended.id);
    // What a name spells is not drawn as an icon.
    editor.answer(/^Select a devbox to copy its ID/, 'pick $ (trash) me');
    await copy();
    assert.equal(editor.clipboard, id);
    editor.answer(/^Select a devbox to copy its ID/, 'ended');
    await copy();
    assert.throws(() => editor.check(), /does not offer ended, but (other \| pick|pick .* \| other)/);
    editor.forgive();
  });

  it('tells of what has ended when that was, and of the others when they were started', () => {
    const nowMs = 10_000 * 60_000;
    const texts = (view: Record<string, unknown>): readonly (string | undefined)[] =>
      devboxItems(
        [parseDevbox({ id: 'dbx_1', status: 'running', create_time_ms: nowMs - 180 * 60_000, ...view })],
        nowMs,
      ).map(({ description }) => description);
    assert.deepEqual(texts({}), ['running · started: 3 h ago']);
    assert.deepEqual(texts({ status: 'suspended' }), ['suspended · started: 3 h ago']);
    assert.deepEqual(texts({ status: 'shutdown', end_time_ms: nowMs - 5 * 60_000 }), ['shut down · ended: 5 min ago']);
    assert.deepEqual(texts({ status: 'failure', end_time_ms: nowMs }), ['failed · ended: just now']);
    assert.deepEqual(texts({ create_time_ms: undefined }), ['running']);
  });

  it('tells ages by the server’s clock, however wrong this computer’s is', async () => {
    const { editor, platform, api } = used;
    const { id } = await api.devboxes.create({ name: 'skewed' }, { requestId: 'pick-skewed' });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    await turnClock(platform, 3 * 3_600_000);
    await used.extension.list();
    const offered = async (command: string, question: RegExp): Promise<string | undefined> => {
      editor.answer(question, undefined);
      await editor.run(command);
      return editor.offered.flatMap((item) => (typeof item === 'object' && item.label === 'skewed' ? [item] : []))[0]
        ?.description;
    };
    assert.equal(await offered('runloop.copyDevboxId', /^Select a devbox to copy/), 'running · started: just now');
    assert.equal(await offered('runloop.searchLogs', /^Search Logs/), 'running · started: just now');
    await turnClock(platform, -3 * 3_600_000);
    await used.extension.list();
    assert.equal(await offered('runloop.copyDevboxId', /^Select a devbox to copy/), 'running · started: just now');
    assert.equal(await offered('runloop.searchLogs', /^Search Logs/), 'running · started: just now');
    await turnClock(platform, 0);
  });

  it('says which kind there is none of, where there are others', async () => {
    const { editor, api } = used;
    await api.devboxes.create({ name: 'runs' }, { requestId: 'pick-kind' });
    await editor.run('runloop.resumeDevbox');
    const [message] = editor.messages;
    assert.deepEqual([message?.text, message?.buttons], ['None of your devboxes is suspended.', []]);
  });

  it('leaves things as they are on Escape', async () => {
    const { editor } = used;
    editor.answer(/^Select a devbox to copy its ID/, undefined);
    await copy();
    assert.equal(editor.clipboard, '');
  });

  it('asks nothing where it was told: one id, a row, or all selected rows', async () => {
    const { editor, extension } = used;
    const [first, second] = await extension.list();
    assert.ok(first !== undefined && second !== undefined);
    await copy(first.id);
    assert.equal(editor.clipboard, first.id);
    await copy({ kind: 'devbox', id: second.id });
    assert.equal(editor.clipboard, second.id);
    await copy({ id: first.id }, [{ id: first.id }, { id: second.id }]);
    assert.equal(editor.clipboard, `${first.id}\n${second.id}`);
  });

  it('leaves out selected rows that have vanished from the view, of which the editor still speaks (U15)', async () => {
    const { editor, api } = used;
    const { id: stays } = await api.devboxes.create({ name: 'stays' }, { requestId: 'pick-stays' });
    const { id: goes } = await api.devboxes.create({ name: 'goes' }, { requestId: 'pick-goes' });
    for (const id of [goes, stays]) await api.devboxes.waitForStatus(id, ['running'], 20);
    await used.extension.list();
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    await view.rows();
    const rows = [{ id: goes }, { id: stays }];
    await copy(rows[0], rows);
    assert.equal(editor.clipboard, `${goes}\n${stays}`);
    // The account has none of this id any more; what only has ended stays in the view.
    await orderFaults(used.platform, {
      fault: 'status',
      status: 404,
      method: 'POST',
      path: '/v1/devboxes/{id}/shutdown',
    });
    editor.answer(/^Shut down the devbox goes/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', goes);
    await orderFaults(used.platform);
    await copy(rows[0], rows);
    assert.equal(editor.clipboard, stays);
    editor.answer(/^Suspend stays\?/, undefined);
    await editor.run('runloop.suspendDevbox', rows[0], rows);
    editor.messages.length = 0;
    await copy(rows[0], [{ id: goes }, { id: 'dbx_gone_before' }]);
    await editor.message(/^The selected devboxes are no longer listed/);
    assert.equal(editor.clipboard, stays);
  });

  it('tells of an id that is no devbox of the account', async () => {
    await copy('dbx_unknown');
    const message = await used.editor.message(/dbx_unknown|not found/i);
    assert.equal(message.kind, 'error');
  });
});
