import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RestingRows } from '../../../../src/extension/devboxTree/restingRows';
import { eventually } from '../../../eventually';
import { labelOf, type FakeTreeView } from '../../../fakeVscode/parts';
import { EventEmitter } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';

describe('Rows under somebody’s pointer', () => {
  it('rest for a moment after each touch, and a change does not wait for ever', () => {
    const none = new EventEmitter<never>().event;
    const selected = new EventEmitter<never>();
    const view = { onDidChangeSelection: selected.event, onDidExpandElement: none, onDidCollapseElement: none };
    let now = 100_000;
    let shown = 0;
    const rows = new RestingRows(
      view,
      () => (shown += 1),
      () => now,
    );
    assert.equal(rows.leftMs, 0, 'nobody was there');
    selected.fire(undefined as never);
    assert.equal(rows.leftMs, 3_000);
    rows.note(true);
    for (let second = 0; second < 11; second += 1) {
      now += 1_000;
      rows.touched();
      assert.ok(rows.leftMs > 0, `after ${second} s`);
    }
    now += 1_000;
    rows.touched();
    assert.equal(rows.leftMs, 0, 'it has waited long enough');
    rows.note(false);
    assert.equal(rows.leftMs, 3_000, 'the next change waits again');
    rows.release();
    assert.equal(rows.leftMs, 0, 'somebody wants what is new');
    assert.equal(shown, 0, 'there was nothing');
    rows.touched();
    rows.note(true);
    rows.release();
    assert.equal(shown, 1, 'what waited is shown at once');
    rows.dispose();
  });
});

describe('A devbox that is evicted, in the view', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const view = (): FakeTreeView => used.editor.views.get('runloop.devboxes') ?? assert.fail();
  const rows = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const { row, item } of await view().rows()) {
      const below = (await view().rows(row)).map(({ item: one }) => `- ${labelOf(one)}`);
      found.push(labelOf(item), ...below);
    }
    return found;
  };
  const running = async (name: string): Promise<string> => {
    const { id } = await used.api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
    while ((await used.api.devboxes.waitForStatus(id, ['running'], 20)) === undefined);
    return id;
  };

  it('needs attention at once; no row moves while somebody is at one, and then it does', async () => {
    const { editor, platform, api } = used;
    const calm = await running('calm');
    await orderFaults(platform, { fault: 'evict_devbox', devbox: 'flexible', after_ms: 1_500, notice_ms: 90_000 });
    const id = await running('flexible');
    view().setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    const [group] = await view().rows();
    const [first, second] = await view().rows(group?.row);
    // Whatever the number at the icon says, nothing has moved yet.
    await eventually(
      async () => {
        await view().hover(second?.row);
        return view().badge?.value;
      },
      (badge) => badge === 1,
    );
    assert.deepEqual(await rows(), ['Active', '- flexible', '- calm']);
    await eventually(rows, (found) => found.includes('Needs Attention'));
    assert.deepEqual(await rows(), ['Needs Attention', '- flexible', 'Active', '- calm']);
    const item = await view().hover(first?.row);
    assert.match(String(item?.description), /^1 min to eviction · /);
    assert.match(item?.accessibilityInformation?.label ?? '', /^Devbox flexible, running, evicted in 1 min/);
    assert.match(
      typeof item?.tooltip === 'string' ? item.tooltip : '',
      /\nEviction: Runloop suspends it at .*\. Its disk is kept\.\n/,
    );
    await editor.run('runloop.dismissDevbox', first?.row);
    assert.deepEqual(await rows(), ['Active', '- flexible', '- calm']);
    await orderFaults(platform);
    await Promise.all([api.devboxes.shutdown(calm), api.devboxes.shutdown(id)]);
  });

  it('is asked for while somebody looks alone, and of a server that has no such stream once', async () => {
    const { editor, platform, api } = used;
    const path = '/v1/devboxes/evictions/watch';
    await orderFaults(platform, { id: 'no-stream', fault: 'status', status: 404, method: 'GET', path });
    const asked = async (): Promise<number | undefined> =>
      (await countFaults(platform)).find(({ id }) => id === 'no-stream')?.matches;
    const id = await running('looked at');
    await editor.run('runloop.refreshDevboxes');
    assert.equal(await asked(), 0, 'nobody looks');
    view().setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    await eventually(asked, (count) => count === 1);
    view().setVisible(false);
    view().setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    await editor.run('runloop.refreshDevboxes');
    assert.equal(await asked(), 1);
    await orderFaults(platform);
    await api.devboxes.shutdown(id);
  });
});
