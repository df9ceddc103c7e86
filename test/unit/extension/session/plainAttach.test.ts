import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import { createBody } from '../../../../src/core/runtime/connect/createBody';
import { orderFaults } from '../../../platform/orderedFaults';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Attaching to a devbox of which nobody says that it has an action server (U3)', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const made: string[] = [];
  afterEach(async () => {
    for (const id of made.splice(0)) await used.api.devboxes.shutdown(id);
    await orderFaults(used.platform);
  });

  async function running(name: string, body: object = {}): Promise<string> {
    const { id } = await used.api.devboxes.create({ name, ...body }, { requestId: name });
    made.push(id);
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  const withServer = (): object => ({
    ...createBody(resolveConfig({ apiKey: 'unused', sid: 'foreign', headlessMode: true, plugins: [] }), 'a key'),
    metadata: {},
  });

  const isAttached = async (id: string): Promise<boolean | undefined> =>
    (await used.extension.list()).find((one) => one.id === id)?.attached;

  /** What is said of a plain devbox, and that nothing else is. */
  async function isSaidToBePlain(name: string): Promise<void> {
    const { editor } = used;
    const message = await editor.message(new RegExp(`^${name} has no action server`));
    assert.deepEqual(
      [message.kind, message.buttons, editor.messages.length],
      ['information', ['Open Terminal', 'Open VS Code'], 1],
    );
    assert.ok(message.text.length < 120, message.text);
  }

  it('shows its output before anything is asked, and offers what it has in one line', async () => {
    const { editor } = used;
    const id = await running('plain-one');
    // Its tunnel keeps everything waiting.
    await orderFaults(used.platform, { fault: 'delay', delay_ms: 3_000, on: 'tunnel', port: 4444, count: 1 });
    const attaching = editor.run('runloop.attachDevbox', id);
    await editor.eventually(() => editor.channels.some(({ name, isShown }) => /plain-one/.test(name) && isShown));
    assert.deepEqual(editor.messages, []);
    await attaching;
    await isSaidToBePlain('plain-one');
    assert.equal(await isAttached(id), false);
    const log = editor.output(/^Runloop$/);
    assert.doesNotMatch(log, /did not become ready/);
  });

  it('takes a server of something else on the port for none, and opens a terminal on the click', async () => {
    const { editor } = used;
    const id = await running('plain-web');
    await orderFaults(used.platform, { fault: 'status', status: 404, on: 'tunnel', port: 4444 });
    editor.answer(/^plain-web has no action server/, 'Open Terminal');
    await editor.run('runloop.attachDevbox', id);
    await isSaidToBePlain('plain-web');
    await editor.eventually(() => editor.terminals.length === 1);
  });

  it('resumes one that is suspended, and does not take it for one with an error', async () => {
    const { editor, api } = used;
    const id = await running('plain-asleep');
    await api.devboxes.suspend(id);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await editor.run('runloop.attachDevbox', id);
    await isSaidToBePlain('plain-asleep');
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    const labels: string[] = [];
    for (const { row } of await view.rows()) {
      for (const { item } of await view.rows(row)) labels.push(item.accessibilityInformation?.label ?? '');
    }
    assert.match(labels.join('\n'), /plain-asleep/);
    assert.doesNotMatch(labels.join('\n'), /action server/);
  });

  it('attaches where a server is there all the same, also one that the tunnel does not reach at once', async () => {
    const { editor } = used;
    const id = await running('foreign', withServer());
    await orderFaults(used.platform, { fault: 'status', status: 502, on: 'tunnel', port: 4444, count: 3 });
    await editor.run('runloop.attachDevbox', id);
    assert.equal(await isAttached(id), true);
    assert.deepEqual(editor.messages, []);
  });
});
