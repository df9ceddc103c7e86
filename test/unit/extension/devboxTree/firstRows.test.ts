import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { labelOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The first rows of the view', function () {
  this.timeout(60_000);
  const used = useWindow();

  it('are all there is once they come: the editor is not told to ask again, as it would know none of them meanwhile', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'first' }, { requestId: 'first-rows' });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.redrawn.length = 0;
    view.setVisible(true);
    const groups = await view.rows();
    assert.ok(!view.redrawn.includes(undefined), 'told to ask again');
    const names = await Promise.all(
      groups.map(async ({ row }) => (await view.rows(row)).map(({ item }) => labelOf(item))),
    );
    assert.ok(names.flat().includes('first'), names.flat().join());
    // What changes from then on is told.
    await editor.run('runloop.refreshDevboxes');
    await api.devboxes.shutdown(id);
    await editor.run('runloop.refreshDevboxes');
    assert.ok(view.redrawn.length > 0);
    view.setVisible(false);
  });
});
