import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { thisOwner } from '../../../../src/core/start/notes/noteOwner';
import { accountMark } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { groupOf, labelOf } from '../../../fakeVscode/parts';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('A window that finds starts of one that died (M7)', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  afterEach(() => orderFaults(used.platform));

  const folder = (): string => join(used.globalFolder, 'starts');
  /** A devbox whose create was sent by a process that has ended. @returns its id */
  const brokenStart = async (name: string): Promise<string> => {
    const owner = { ...thisOwner(), pid: spawnSync(process.execPath, ['-e', '']).pid };
    const notes = new StartNotes({ folder: folder(), owner, onFailure: (error) => assert.fail(String(error)) });
    const { note } = await notes.begin(name, accountMark(used.api));
    const metadata = { [requestKey]: note.requestId };
    return (await used.api.devboxes.create({ name, metadata, entrypoint: 'sleep 100' }, { requestId: note.requestId }))
      .id;
  };
  /** Makes the window look, as it does after its activation. */
  const lookNow = async (): Promise<void> => {
    await used.editor.run('runloop.signOut');
    await signIn(used.editor, used.platform.apiKey);
  };
  const statusOf = async (id: string): Promise<string> => (await used.api.devboxes.retrieve(id)).status;

  it('asks, and shuts the devbox down', async () => {
    const { editor } = used;
    const id = await brokenStart('died');
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    editor.answer(/devbox died was interrupted. It may still be running/, 'Shut Down');
    await lookNow();
    await editor.message(/was shut down/);
    assert.equal(await groupOf(view, 'died'), 'Ended in the Last Day');
    assert.equal(await statusOf(id), 'shutdown');
    await editor.eventually(() => readdirSync(folder()).length === 0);
  });

  it('asks by itself once it is opened', async () => {
    const { editor } = used;
    const id = await brokenStart('seen at the opening');
    editor.answer(/devbox seen at the opening was interrupted. It may still be running/, 'Shut Down');
    used.reload();
    await editor.message(/was shut down/);
    assert.equal(await statusOf(id), 'shutdown');
  });

  it('shuts down both where a start has made two', async () => {
    const { editor } = used;
    const first = await brokenStart('two of them');
    const { metadata } = await used.api.devboxes.retrieve(first);
    const body = { name: 'two of them', metadata: { ...metadata }, entrypoint: 'sleep 100' };
    const { id: second } = await used.api.devboxes.create(body, { requestId: 'the second of them' });
    const { id: other } = await used.api.devboxes.create({ name: 'other' }, { requestId: 'other' });
    editor.answer(/devbox two of them was interrupted. It may still be running/, 'Shut Down');
    await lookNow();
    await editor.eventually(() => editor.messages.filter(({ text }) => /was shut down/.test(text)).length === 2);
    assert.deepEqual([await statusOf(first), await statusOf(second)], ['shutdown', 'shutdown']);
    assert.notEqual(await statusOf(other), 'shutdown');
    await editor.eventually(() => readdirSync(folder()).length === 0);
    await used.api.devboxes.shutdown(other);
  });

  it('keeps it, and knows then that it was started here', async () => {
    const { editor } = used;
    const id = await brokenStart('wanted');
    editor.answer(/devbox wanted was interrupted/, 'Keep');
    await lookNow();
    await editor.eventually(() => readdirSync(folder()).length === 0);
    assert.ok(JSON.stringify(editor.globalState.get('runloop.startedHere')).includes(id));
    assert.notEqual(await statusOf(id), 'shutdown');
    await used.api.devboxes.shutdown(id);
  });

  it('says that it may still run where it cannot be shut down, and leaves the note to the next window', async () => {
    const { editor, platform } = used;
    const id = await brokenStart('stubborn');
    await orderFaults(platform, { fault: 'status', status: 403, method: 'POST', path: '/v1/devboxes/{id}/shutdown' });
    editor.answer(/devbox stubborn was interrupted/, 'Shut Down');
    await lookNow();
    await editor.message(/could not be shut down/);
    assert.equal(readdirSync(folder()).length, 1);
    await orderFaults(platform);
    await used.api.devboxes.shutdown(id);
  });

  it('names it where the account cannot be asked, and asks once it can', async () => {
    const { editor, platform } = used;
    const id = await brokenStart('unseen');
    await orderFaults(platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' });
    await lookNow();
    await editor.message(/devbox unseen was interrupted, and it is not known whether it is running/);
    await orderFaults(platform);
    editor.answer(/devbox unseen was interrupted. It may still be running/, 'Shut Down');
    await lookNow();
    await editor.message(/was shut down/);
    assert.equal(await statusOf(id), 'shutdown');
  });

  it('has a create of unknown outcome among what needs attention, until it is known (U7)', async () => {
    const { editor, platform } = used;
    const rows = async (): Promise<readonly string[]> => {
      const view = editor.views.get('runloop.devboxes') ?? assert.fail();
      view.setVisible(true);
      const found: string[] = [];
      for (const { row, item } of await view.rows()) {
        const below = (await view.rows(row)).map(({ item: one }) => `${labelOf(one)}: ${String(one.description)}`);
        found.push(
          ...below.filter((text) => /never-came|unanswered/.test(text)).map((text) => `${labelOf(item)}/${text}`),
        );
      }
      return found;
    };
    const badge = (): number | undefined => editor.views.get('runloop.devboxes')?.badge?.value;
    const owner = { ...thisOwner(), pid: spawnSync(process.execPath, ['-e', '']).pid };
    const notes = new StartNotes({ folder: folder(), owner, onFailure: (error) => assert.fail(String(error)) });
    await notes.begin('never-came', accountMark(used.api));
    await lookNow();
    await editor.eventually(() => badge() === 1);
    assert.deepEqual(await rows(), ['Needs Attention/never-came: start unconfirmed']);
    assert.ok(!editor.messages.some(({ text }) => text.includes('never-came')), 'of nothing nothing is asked');
    // A click looks again: nothing new here, and no second question.
    await editor.run('runloop.refreshDevboxes');
    const id = await brokenStart('unanswered');
    await orderFaults(platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' });
    await lookNow();
    await editor.message(/devbox unanswered was interrupted, and it is not known whether it is running/);
    await editor.eventually(() => badge() === 2);
    await orderFaults(platform);
    editor.answer(/devbox unanswered was interrupted. It may still be running/, 'Shut Down');
    await editor.run('runloop.refreshDevboxes');
    await editor.message(/was shut down/);
    assert.equal(await statusOf(id), 'shutdown');
    await editor.eventually(() => badge() === 1);
    assert.ok((await rows()).includes('Needs Attention/never-came: start unconfirmed'));
    // Nobody is signed in: of another account's starts nothing is shown.
    await editor.run('runloop.signOut');
    await editor.eventually(() => badge() === undefined);
  });

  it('is silent about one that has ended meanwhile, and about those of other accounts', async () => {
    const { editor } = used;
    const id = await brokenStart('ended');
    await used.api.devboxes.shutdown(id);
    const other = new StartNotes({
      folder: folder(),
      owner: { ...thisOwner(), pid: 2 ** 22 },
      onFailure: () => undefined,
    });
    await other.begin('of another account', 'another');
    await lookNow();
    await editor.eventually(() => readdirSync(folder()).length === 1);
    assert.ok(!editor.messages.some(({ text }) => text.includes('was interrupted')));
  });
});
