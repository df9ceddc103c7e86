import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { groupOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('A devbox that failed, once somebody has asked why', function () {
  this.timeout(120_000);
  const used = useWindow();
  afterEach(() => mock.timers.reset());

  it('leaves the group that needs attention, but not from under the pointer that has just clicked in its row', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create(
      { name: 'broken', launch_parameters: { launch_commands: ['exit 3'] } },
      { requestId: 'seen-failure' },
    );
    await eventually(
      () => api.devboxes.retrieve(id),
      ({ status }) => status === 'failure',
    );
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    assert.equal(await groupOf(view, 'broken'), 'Needs Attention');
    // Nothing moves by time as long as no timer ends.
    mock.timers.enable({ apis: ['setTimeout'] });
    await editor.run('runloop.whyDidItStop', id);
    assert.equal(await groupOf(view, 'broken'), 'Needs Attention');
    assert.equal(view.badge, undefined, 'it is seen');
    mock.timers.tick(60_000);
    mock.timers.reset();
    assert.equal(await groupOf(view, 'broken'), 'Ended in the Last Day');
    view.setVisible(false);
  });
});
