import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ViewChoices } from '../../../../../src/extension/devboxTree/order/viewChoices';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';
import { FakeMemory } from '../../../../fakeVscode/memory';

describe('What a window remembers of its view', () => {
  const used = useFakeEditor();
  const said = ({ sorting, filter, pinned, grouping }: ViewChoices): readonly unknown[] => [
    sorting,
    filter,
    [...pinned],
    grouping,
  ];

  it('is its own: order, filter, pins and what was dismissed; only the grouping is that of all windows', async () => {
    const { globalState, workspaceState } = used.editor;
    const elsewhere = new FakeMemory(() => Promise.resolve());
    const here = new ViewChoices(globalState, workspaceState);
    const there = new ViewChoices(globalState, elsewhere);
    await here.setSorting('cost');
    await here.setFilter(' @here broken ');
    await here.setPinned(['dbx_1', 'dbx_2'], true);
    await here.dismiss([['dbx_3', 'failed']]);
    await here.setGrouping({ by: 'metadata', key: 'team' });
    await there.setSorting('name');
    await there.setPinned(['dbx_9'], true);
    const again = new ViewChoices(globalState, workspaceState);
    assert.deepEqual(said(again), ['cost', '@here broken', ['dbx_1', 'dbx_2'], { by: 'metadata', key: 'team' }]);
    assert.equal(again.isDismissed('dbx_3', 'failed'), true);
    const thereAgain = new ViewChoices(globalState, elsewhere);
    assert.deepEqual(said(thereAgain), ['name', '', ['dbx_9'], { by: 'metadata', key: 'team' }]);
    assert.equal(thereAgain.isDismissed('dbx_3', 'failed'), false);
    for (const one of [here, there, again, thereAgain]) one.dispose();
  });
});
