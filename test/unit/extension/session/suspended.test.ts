import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { Uri } from '../../../fakeVscode/values';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';

describe('A suspended devbox that a window was attached to', function () {
  this.timeout(120_000);
  const used = useWindow();
  const made: string[] = [];
  afterEach(async () => {
    for (const id of made.splice(0)) await used.api.devboxes.shutdown(id);
  });

  const suspended = async (sid: string): Promise<Devbox> => {
    const { apiKey, baseUrl } = used.platform;
    const runtime = new RunloopRuntime({ apiKey, baseUrl, sid, headlessMode: true, plugins: [] });
    await runtime.connect();
    await runtime.suspend();
    await runtime.close({ mode: 'keep' });
    const devbox = runtime.devbox ?? assert.fail();
    made.push(devbox.id);
    return devbox;
  };
  const remember = async ({ id }: Devbox): Promise<void> => {
    await used.editor.workspaceState.update('runloop.sessions', [{ devboxId: id, baseUrl: used.platform.baseUrl }]);
    await used.editor.run('runloop.signOut');
    await signIn(used.editor, used.platform.apiKey);
  };
  const everRan = async ({ id }: Devbox): Promise<readonly string[]> =>
    (await used.api.devboxes.retrieve(id)).transitions.map(({ status }) => status);

  /** Labels of all groups and rows, the rows below their group. */
  const rowsOfView = async (): Promise<string> => {
    const view = used.editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    const lines: string[] = [];
    for (const { row, item } of await view.rows()) {
      lines.push(JSON.stringify(item.label));
      for (const { item: below } of await view.rows(row)) lines.push(JSON.stringify(below.label));
    }
    return lines.join('\n');
  };

  it('sleeps on when the window comes back to it, is shown so, and resumes on a click (M5)', async () => {
    const { editor, api, extension } = used;
    const devbox = await suspended('sleeper');
    await remember(devbox);
    // Shown before the list is asked for: the window has looked at it.
    await editor.eventually(() => editor.progress.some(({ title, isOver }) => /^Attaching to/.test(title) && isOver));
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'suspended');
    assert.equal((await everRan(devbox)).at(-1), 'suspended', 'it was woken up');
    assert.deepEqual(await extension.list(), [], 'it is told to others as one that runs');
    assert.match(await rowsOfView(), /^"Suspended"\n.*sleeper/m);
    assert.ok(!editor.messages.some(({ text }) => /has ended/.test(text)), 'it was said to have ended');
    const remembered = JSON.stringify(editor.workspaceState.get('runloop.sessions'));
    assert.ok(remembered.includes(devbox.id), 'the window has forgotten it');
    await editor.run('runloop.attachDevbox', devbox.id);
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'running');
  });

  it('is attached to again when it is resumed here, as before it was suspended, also after a reload (U17)', async () => {
    const { editor, api } = used;
    const devbox = await suspended('back again');
    const statusItem = (): string | undefined =>
      editor.statusItems.find(({ id, isShown }) => id === 'runloop.session' && isShown)?.text;
    await editor.run('runloop.attachDevbox', devbox.id);
    await editor.eventually(() => statusItem()?.includes('back again') === true);
    editor.answer(/^Suspend back again\?/, 'Suspend');
    await editor.run('runloop.suspendDevbox', devbox.id);
    while ((await api.devboxes.waitForStatus(devbox.id, ['suspended'], 20)) === undefined);
    assert.equal(statusItem(), undefined);
    used.reload();
    await editor.run('runloop.resumeDevbox', devbox.id);
    await editor.eventually(() => statusItem()?.includes('back again') === true);
  });

  it('is only resumed where the window had let go of it before (U17)', async () => {
    const { editor, api } = used;
    const devbox = await suspended('let go');
    await editor.run('runloop.resumeDevbox', devbox.id);
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'running');
    assert.ok(!editor.progress.some(({ title }) => /^Attaching to/.test(title)));
  });

  it('is not woken by another extension without a yes (M5)', async () => {
    const { editor, api, extension } = used;
    const devbox = await suspended('not for others');
    editor.answer(/Another extension wants to resume the devbox not for others/, undefined);
    await assert.rejects(extension.attach(devbox.id), { code: 'cancelled' });
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'suspended');
    editor.answer(/Another extension wants to resume/, 'Resume');
    assert.equal((await extension.attach(devbox.id)).attached, true);
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'running');
  });

  it('is not woken by another extension either where this window has not noticed yet that it sleeps (M5)', async () => {
    const { editor, api, extension } = used;
    const devbox = await suspended('asleep unnoticed');
    await editor.run('runloop.attachDevbox', devbox.id);
    await api.devboxes.suspend(devbox.id, {});
    await api.devboxes.waitForStatus(devbox.id, ['suspended'], 20);
    editor.answer(/Another extension wants to resume the devbox asleep unnoticed/, undefined);
    await assert.rejects(extension.attach(devbox.id), { code: 'cancelled' });
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'suspended');
    editor.messages.length = 0;
  });

  it('is not woken by a link before a yes, which says what it costs (M5)', async () => {
    const { editor, api } = used;
    const devbox = await suspended('linked');
    editor.answer(/It is suspended\. Opening it resumes it, and it costs money again/, undefined);
    await editor.uriHandler?.handleUri(
      Uri.parse(`vscode://runloop-devboxes.runloop-devboxes/open?devbox=${devbox.id}`),
    );
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'suspended');
    assert.ok(!(await everRan(devbox)).includes('resuming'));
  });

  it('is woken by nothing that a window does with it unasked: lists, output, logs, diagnosis (M5)', async () => {
    const { editor, api, extension } = used;
    const devbox = await suspended('looked at');
    await extension.list();
    await rowsOfView();
    for (const command of ['refreshDevboxes', 'showOutput', 'copyWhyItStopped', 'copyDevboxId']) {
      await editor.run(`runloop.${command}`, devbox.id).catch(() => undefined);
    }
    used.reload();
    await extension.list().catch(() => undefined);
    assert.equal((await api.devboxes.retrieve(devbox.id)).status, 'suspended');
    assert.ok(!(await everRan(devbox)).includes('resuming'));
    editor.messages.length = 0;
  });
});
