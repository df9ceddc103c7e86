import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Shutting down with a snapshot first', function () {
  this.timeout(120_000);
  const used = useWindow();

  async function running(name: string): Promise<string> {
    const { id } = await used.api.createDevbox({ name }, { requestId: crypto.randomUUID() });
    await used.api.waitForStatus(id, ['running'], 20);
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

  it('speaks of no snapshot where none was taken', async () => {
    const { editor } = used;
    const id = await running('worthless');
    editor.answer(/^Shut down the devbox worthless/, 'Shut Down');
    await editor.run('runloop.shutDownDevbox', id);
    assert.equal((await editor.message(/was shut down/)).text, 'Devbox worthless was shut down.');
  });
});
