import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('The output of a devbox that prints nothing (U21)', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });

  it('has a word instead of an empty panel, and another one at its end', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'mute' }, { requestId: 'mute' });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    await editor.run('runloop.showOutput', id);
    const said = (): string => editor.output(/^Runloop: mute/);
    await editor.eventually(() => said() === '[info] There is no output yet.\n');
    await api.devboxes.shutdown(id);
    await editor.eventually(() => said().endsWith('[info] The devbox has ended. There is no output.\n'));
    assert.equal(said().split('\n').length, 3, said());
  });

  it('says nothing of the kind where something came', async () => {
    const { editor, api, platform } = used;
    const { id } = await api.devboxes.create(
      { name: 'speaker', entrypoint: 'echo words; exec sleep 3' },
      { requestId: 'speaker' },
    );
    // A devbox runs a moment before its entrypoint has printed anything.
    await eventually(
      () => api.logs.newest(id),
      (logs) => logs.some(({ text }) => text === 'words'),
    );
    // Its stream comes late, as by a slow network.
    const path = '/v1/devboxes/{id}/logs/tail';
    await orderFaults(platform, { fault: 'delay', method: 'GET', path, delay_ms: 3_000 });
    await editor.run('runloop.showOutput', id);
    const said = (): string => editor.output(/^Runloop: speaker/);
    await editor.eventually(() => said().includes('The devbox has ended. This is its complete output.'));
    assert.doesNotMatch(said(), /There is no output/);
  });
});
