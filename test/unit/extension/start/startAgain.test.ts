import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('After a devbox ended', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const named = async (name: string) => {
    const all = [];
    for await (const devbox of used.api.devboxes.list({})) if (devbox.name === name) all.push(devbox);
    return all;
  };

  async function ended(name: string): Promise<string> {
    const { editor, api } = used;
    editor.answer(/^Start Devbox/, name);
    await editor.run('runloop.startDevbox');
    const [devbox] = await named(name);
    assert.ok(devbox !== undefined);
    editor.answer(new RegExp(`^Shut down the devbox ${name}`), 'Shut Down');
    await editor.run('runloop.shutDownDevbox', devbox.id);
    await api.devboxes.waitForStatus(devbox.id, ['shutdown'], 20);
    return devbox.id;
  }

  it('starts the same again with all that was chosen', async () => {
    const { editor } = used;
    editor.settings.set('runloop.size', 'MEDIUM');
    editor.settings.set('runloop.lifetimeMinutes', 77);
    const id = await ended('again');
    editor.settings.set('runloop.size', 'SMALL');
    await editor.run('runloop.startAgain', id);
    const next = (await named('again')).find((one) => one.id !== id);
    assert.deepEqual([next?.status, next?.size, next?.keepAliveSeconds], ['running', 'MEDIUM', 77 * 60]);
  });

  it('starts it one size larger', async () => {
    const { editor } = used;
    const id = await ended('larger');
    await editor.run('runloop.startAgainLarger', id);
    const [next, before] = ['running', 'shutdown'].map((status) =>
      named('larger').then((all) => all.find((one) => one.status === status)),
    );
    assert.deepEqual([(await before)?.size, (await next)?.size], ['LARGE', 'X_LARGE']);
  });

  it('starts one whose disk was full with more disk', async () => {
    const { editor, platform } = used;
    editor.settings.set('runloop.size', 'X_SMALL');
    await orderFaults(platform, { fault: 'fail_boot', devbox: 'full', reason: 'out_of_disk', count: 1 });
    editor.answer(/^Start Devbox/, 'full');
    await editor.run('runloop.startDevbox');
    const [before] = await named('full');
    assert.equal(before?.failureReason, 'out_of_disk');
    await editor.run('runloop.startAgainLarger', before.id);
    const next = (await named('full')).find(({ id }) => id !== before.id);
    // SMALL has more memory, but no more disk.
    assert.deepEqual([next?.status, next?.size], ['running', 'MEDIUM']);
  });

  it('asks for the rest where not all is known, with the larger size chosen', async () => {
    const { editor, api } = used;
    const body = { name: 'elsewhere', launch_parameters: { resource_size_request: 'SMALL' as const } };
    const { id } = await api.devboxes.create(body, { requestId: crypto.randomUUID() });
    await api.devboxes.shutdown(id);
    editor.answer(/Select what to start from/, 'Plain devbox');
    const again = editor.run('runloop.startAgainLarger', id);
    const box = await editor.box(/Size/);
    const active = 'activeItems' in box ? box.activeItems.map(({ label }) => label) : [];
    box.hide();
    await again;
    assert.deepEqual(active, ['MEDIUM']);
  });

  it('names the snapshot that was taken first, and starts from it', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'kept' }, { requestId: crypto.randomUUID() });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    editor.answer(/^Shut down the devbox kept/, 'Take Snapshot First');
    editor.answer(/^Devbox kept was shut down\. Its disk is kept as the snapshot kept\./, 'Start From It…');
    // The wizard opens with the snapshot chosen; this person looks at it and leaves.
    editor.answer(/^Start Devbox/, undefined);
    await editor.run('runloop.shutDownDevbox', id);
    const active = (): string =>
      JSON.stringify(editor.boxes.map((box) => ('activeItems' in box ? box.activeItems : [])));
    await editor.eventually(() => active().includes('$(history) kept'));
  });

  it('says of a failed start what its name is, why it failed and what it said last', async () => {
    const { editor, platform } = used;
    await orderFaults(platform, { fault: 'fail_boot', devbox: 'doomed' });
    editor.answer(/^Start Devbox/, 'doomed');
    await editor.run('runloop.startDevbox');
    const { text, buttons } = await editor.message(/^Devbox doomed failed to start/);
    assert.match(text, /^Devbox doomed failed to start: .+\./);
    assert.deepEqual(buttons, ['Why Did It Stop?', 'Try Again', 'Show Output']);
  });
});
