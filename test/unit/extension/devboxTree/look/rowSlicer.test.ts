import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RowSlicer } from '../../../../../src/extension/devboxTree/look/rowSlicer';

describe('Slices of work', () => {
  it('are done at once while there is room in the turn, and in order over the next turns when there is not', async () => {
    let clock = 0;
    const slicer = new RowSlicer(() => clock);
    const done: number[] = [];
    const results = Array.from({ length: 10 }, (_, index) =>
      slicer.run(() => {
        // Each piece takes 5 ms: two of them fill a turn.
        clock += 5;
        done.push(index);
        return index;
      }),
    );
    assert.deepEqual(done, [0, 1]);
    assert.deepEqual(results.slice(0, 2), [0, 1]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(done.length > 2 && done.length < 10, `after one more turn: ${done.length}`);
    assert.deepEqual(await Promise.all(results.map(async (result) => result)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('go on after a piece that failed', async () => {
    let clock = 0;
    const slicer = new RowSlicer(() => clock);
    const results = [1, 2, 3, 4].map(async (index) =>
      slicer.run(() => {
        clock += 10;
        if (index === 3) throw new Error('no');
        return index;
      }),
    );
    const settled = await Promise.allSettled(results);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
  });
});
