import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The output channels of a window', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('of devboxes that have ended go, but for the eight that were shown last', async () => {
    const { editor, api } = used;
    const names = Array.from({ length: 11 }, (_, at) => `quiet-${String(at).padStart(2, '0')}`);
    for (const name of names) {
      const { id } = await api.devboxes.create({ name }, { requestId: `output-${name}` });
      await api.devboxes.waitForStatus(id, ['running'], 20);
      await api.devboxes.shutdown(id);
      await editor.run('runloop.showOutput', id);
    }
    const open = (): string[] =>
      editor.channels
        .filter(({ name, isDisposed }) => /quiet-\d\d/.test(name) && !isDisposed)
        .map(({ name }) => /quiet-\d\d/.exec(name)?.[0] ?? '');
    await editor.eventually(() => open().length <= 8);
    assert.deepEqual(open(), names.slice(-8));
  });
});
