import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { hasEnded } from '../../../../src/core/platform/devbox';
import { shortName } from '../../../../src/extension/devboxTree/look/shortName';
import { labelOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { eventually } from '../../../eventually';
import { orderFaults } from '../../../platform/orderedFaults';

const create = { method: 'POST', path: '/v1/devboxes' };
const shutdowns = { method: 'POST', path: '/v1/devboxes/{id}/shutdown' };

describe('What a window says of a start that failed', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });

  afterEach(async () => {
    await orderFaults(used.platform);
    for (const { id } of await living()) await used.api.devboxes.shutdown(id);
  });

  const living = async (): Promise<readonly { id: string; name: string | undefined }[]> => {
    const found = [];
    for await (const devbox of used.api.devboxes.list({})) if (!hasEnded(devbox.status)) found.push(devbox);
    return found;
  };
  /** Starts, and cancels as soon as there is a devbox, which cannot be shut down then. */
  const startAndCancel = async (name: string, ...more: readonly Readonly<Record<string, unknown>>[]): Promise<void> => {
    const { editor, platform } = used;
    editor.answer(/^Start Devbox/, name);
    const starting = editor.run('runloop.startDevbox');
    const progress = (): (typeof editor.progress)[number] | undefined =>
      editor.progress.find(({ title }) => title.includes(name));
    await editor.eventually(() => progress() !== undefined);
    await eventually(living, (found) => found.some((one) => one.name === name));
    editor.answer(/is still starting\. Shut it down/, 'Shut Down');
    await orderFaults(platform, { fault: 'status', status: 403, ...shutdowns }, ...more);
    progress()?.cancel();
    await starting;
  };

  it('a cancelled one whose devbox cannot be shut down may still run; its row stays, and Shut Down is offered (M1)', async () => {
    const { editor, extension, platform } = used;
    await startAndCancel('cancelled in vain');
    const message = await editor.message(/may still be running/);
    const [left] = await living();
    assert.ok(left !== undefined && message.text.includes(left.id), message.text);
    assert.ok(message.buttons.includes('Shut Down'), message.buttons.join());
    assert.ok(!editor.messages.some(({ text }) => text.includes('No devbox was left behind')));
    // The list itself cannot bring the row back.
    await orderFaults(platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' });
    assert.ok((await extension.list()).some(({ id }) => id === left.id));
    await orderFaults(platform);
    editor.answer(/Shut down the devbox/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', left.id);
    await editor.message(/was shut down/);
    assert.deepEqual(await living(), []);
  });

  /** The quick path starts a devbox without an action server. */
  const startPlain = async (): Promise<void> => {
    const endRule = { kind: 'lifetime', seconds: 3_600 };
    await used.editor.globalState.update('runloop.lastChoices', {
      choices: { source: { kind: 'plain' }, size: 'SMALL', endRule },
      settings: JSON.stringify({ source: { kind: 'blueprint', name: 'openhands' }, size: 'LARGE', endRule }),
    });
  };
  const rowStays = async (): Promise<void> => {
    const { editor, extension, platform } = used;
    const message = await editor.message(/may still be running/);
    const [left] = await living();
    assert.ok(left !== undefined && message.text.includes(left.id), message.text);
    assert.ok(message.buttons.includes('Shut Down'), message.buttons.join());
    assert.ok(!editor.messages.some(({ text }) => text.includes('No devbox was left behind')));
    // The list itself cannot bring the row back.
    await orderFaults(platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' });
    assert.ok((await extension.list()).some(({ id }) => id === left.id));
  };

  it('a cancelled one without an action server may still run as well, and its row stays (M1)', async () => {
    await startPlain();
    await orderFaults(used.platform, { fault: 'slow_boot', devbox: 'plain in vain', delay_ms: 600_000 });
    await startAndCancel('plain in vain');
    await rowStays();
  });

  for (const kind of ['plain', 'with a server'] as const) {
    it(`a cancelled one of which nothing can be read either keeps its row: ${kind} (M1)`, async () => {
      if (kind === 'plain') await startPlain();
      const name = `unread ${kind}`;
      await orderFaults(used.platform, { fault: 'slow_boot', devbox: name, delay_ms: 600_000 });
      await startAndCancel(name, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes/{id}' });
      await rowStays();
    });

    it(`one that is ready before it is given up may still run where it cannot be shut down: ${kind} (M1)`, async () => {
      const { editor, api, platform } = used;
      if (kind === 'plain') await startPlain();
      const name = `ready ${kind}`;
      // Not before it is cancelled, on a busy computer either.
      await orderFaults(platform, { fault: 'slow_boot', devbox: name, delay_ms: 10_000 });
      editor.whileBusy = async (what) => {
        if (!what.includes('is still starting')) return;
        const [made] = await eventually(living, (found) => found.some((one) => one.name === name));
        await api.devboxes.waitForStatus(made?.id ?? '', ['running'], 30);
        // Ready, as far as this window is concerned, once its start needs no note any more.
        const notes = join(used.globalFolder, 'starts');
        await eventually(
          () => Promise.resolve(readdirSync(notes)),
          (left) => left.length === 0,
        );
        await orderFaults(platform, { fault: 'status', status: 403, ...shutdowns });
      };
      await startAndCancel(name);
      editor.whileBusy = () => Promise.resolve();
      await rowStays();
    });
  }

  /** Ended devboxes that the view shows, with what it says of them, though no list can be read. */
  const endedRows = async (): Promise<string[]> => {
    const view = used.editor.views.get('runloop.devboxes') ?? assert.fail();
    const found: string[] = [];
    for (const { row } of await view.rows()) {
      for (const { item } of await view.rows(row)) found.push(`${labelOf(item)}: ${String(item.description)}`);
    }
    return found;
  };

  for (const kind of ['plain', 'with a server'] as const) {
    it(`a cancelled one is among those that have ended at once, and who did it is known: ${kind}`, async () => {
      const { editor, platform, extension } = used;
      if (kind === 'plain') await startPlain();
      await extension.list();
      editor.views.get('runloop.devboxes')?.setVisible(true);
      const name = `up ${kind}`;
      await orderFaults(platform, { fault: 'slow_boot', devbox: name, delay_ms: 600_000 });
      editor.answer(/^Start Devbox/, name);
      const starting = editor.run('runloop.startDevbox');
      const progress = () => editor.progress.find(({ title }) => title.includes(name));
      await editor.eventually(() => progress() !== undefined);
      await eventually(living, (found) => found.some((one) => one.name === name));
      editor.answer(/is still starting\. Shut it down/, 'Shut Down');
      await orderFaults(platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' });
      progress()?.cancel();
      await starting;
      await editor.message(/was cancelled\. No devbox was left behind/);
      await eventually(endedRows, (rows) => rows.some((row) => row === `${shortName(name)}: just now · by you`));
    });

    it(`a failed one needs attention at once: ${kind}`, async () => {
      const { editor, platform, extension } = used;
      if (kind === 'plain') await startPlain();
      await extension.list();
      editor.views.get('runloop.devboxes')?.setVisible(true);
      const name = `bad ${kind}`;
      await orderFaults(
        platform,
        { fault: 'fail_boot', devbox: name },
        { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' },
      );
      editor.answer(/^Start Devbox/, name);
      await editor.run('runloop.startDevbox');
      await editor.message(/failed to start/);
      await eventually(endedRows, (rows) => rows.some((row) => row.startsWith(`${shortName(name)}: `)));
      editor.messages.length = 0;
    });
  }

  it('never says "running" before it is ready', async () => {
    const { editor } = used;
    await startPlain();
    editor.answer(/^Start Devbox/, 'says little');
    await editor.run('runloop.startDevbox');
    await editor.message(/^Devbox says little is ready/);
    const said = editor.progress.flatMap(({ messages }) => messages);
    assert.deepEqual(
      said.filter((message) => message.startsWith('running')),
      [],
    );
    assert.ok(said.some((message) => message.startsWith('provisioning')));
  });

  it('of one that nobody can look for, it says that it is not known, also after a cancel (M2)', async () => {
    const { editor, platform } = used;
    await orderFaults(
      platform,
      { fault: 'cut', took_effect: true, ...create },
      { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' },
    );
    editor.answer(/^Start Devbox/, 'not known');
    await editor.run('runloop.startDevbox');
    await editor.message(/It is not known whether Runloop created devbox not known\./);
  });

  it('other extensions that start something do not keep it to themselves (M1)', async () => {
    const { editor, extension, platform } = used;
    await orderFaults(platform, { fault: 'status', status: 403, ...shutdowns });
    editor.answer(/Another extension wants to start/, 'Start Devbox');
    const stop = new AbortController();
    const starting = extension.start({ name: 'for others', signal: stop.signal });
    starting.catch(() => undefined);
    await eventually(living, (found) => found.length === 1);
    stop.abort();
    await assert.rejects(starting, { code: 'may_still_run' });
    assert.ok((await editor.message(/may still be running/)).buttons.includes('Shut Down'));
  });

  it('nothing of the end of a devbox whose shutdown fails', async () => {
    const { editor, api, platform } = used;
    const { id } = await api.devboxes.create({ name: 'stays', entrypoint: 'sleep 100' }, { requestId: 'stays' });
    await orderFaults(platform, { fault: 'status', status: 403, ...shutdowns });
    editor.answer(/Shut down the devbox/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', id);
    assert.ok((await editor.message(/may still be running/)).text.includes(id));
    assert.ok(!editor.messages.some(({ text }) => text.includes('is shut down')));
  });
});
