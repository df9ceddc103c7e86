import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDevbox, type Devbox } from '../../../../../src/core/platform/devbox';
import { DevboxStore } from '../../../../../src/extension/devboxes/devboxStore';
import { Arranged } from '../../../../../src/extension/devboxTree/order/arranged';
import { pageOf } from '../../../../../src/extension/devboxTree/order/arrangement';
import { ViewChoices } from '../../../../../src/extension/devboxTree/order/viewChoices';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';

const nowMs = 1_800_000_000_000;
const box = (index: number, status = 'running'): Devbox =>
  parseDevbox({
    id: `dbx_${String(index).padStart(4, '0')}`,
    name: `case-${index}`,
    status,
    create_time_ms: nowMs - index,
  });

describe('The rows of a group, page by page', () => {
  const used = useFakeEditor();

  function view(count: number): { readonly store: DevboxStore; readonly order: Arranged } {
    const store = new DevboxStore();
    const { globalState, workspaceState } = used.editor;
    const order = new Arranged({
      store,
      choices: new ViewChoices(globalState, workspaceState),
      attachedIds: () => [],
      startedHere: { all: () => new Map() },
      brokenStarts: { devboxIds: new Set(), lost: [] },
      evictionOf: () => undefined,
      prices: () => undefined,
      nowMs: () => nowMs,
    });
    const boxes = Array.from({ length: count }, (_, index) => box(index));
    store.apply(boxes, [], store.mark(), nowMs);
    order.again(new Set(boxes.map(({ id }) => id)));
    return { store, order };
  }
  const shown = ({ now }: Arranged): readonly number[] =>
    now.groups.flatMap((group) => [0, 1, 2, 3, 4].map((page) => pageOf(group, page).length)).filter((one) => one > 0);

  it('are whole ones, however many were shown or have gone when "Load more" was pressed', () => {
    const { store, order } = view(350);
    const key = order.now.groups[0]?.key ?? assert.fail();
    assert.deepEqual(shown(order), [100]);
    // Of the first page some have gone since it was drawn.
    for (let index = 0; index < 37; index += 1) store.remove(box(index).id);
    order.showMore(key, 63);
    order.again(new Set());
    assert.deepEqual(shown(order), [100, 100]);
    order.showMore(key, 200);
    order.again(new Set());
    assert.deepEqual(shown(order), [100, 100, 100]);
    order.showMore(key, 300);
    order.again(new Set());
    assert.deepEqual(shown(order), [100, 100, 100, 13]);
    order.reset();
    order.again(new Set());
    assert.deepEqual(shown(order), [100], 'another account begins anew');
  });

  it('stand still while somebody is at one though three hundred change their states, and then stand where they belong', () => {
    const { store, order } = view(300);
    const before = order.now.groups.map(({ shown: ids }) => [...ids]);
    const changed: string[] = [];
    for (let index = 0; index < 300; index += 3) {
      const status = ['suspended', 'failure', 'suspending', 'shutdown'][(index / 3) % 4] ?? 'running';
      store.update({ ...box(index), status }, true);
      changed.push(box(index).id);
    }
    const redraw = order.again(new Set(changed), true);
    assert.equal(order.waits, true);
    assert.deepEqual(
      order.now.groups.map(({ shown: ids }) => [...ids]),
      before,
    );
    assert.ok(redraw !== 'everything' && redraw.groups.length === 0, 'no group is drawn anew');
    assert.equal(order.now.attention.size, 25, 'the number at the icon is true all the same');
    order.again(new Set(), false);
    assert.equal(order.waits, false);
    assert.deepEqual(
      order.now.groups.map(({ value, total }) => [value.replace('\u0000', ''), total]),
      [
        ['attention', 25],
        ['active', 225],
        ['suspended', 25],
        ['ended', 25],
      ],
    );
  });
});
