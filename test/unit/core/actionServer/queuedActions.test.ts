import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ActionQueue } from '../../../../src/core/actionServer/actionQueue';
import { RuntimeError } from '../../../../src/core/errors';

describe('Actions that wait for their turn', () => {
  const isCancelled = (error: unknown): boolean => RuntimeError.is(error, 'cancelled');

  it('can be given up before it, and are never begun then; the others keep their order (R2)', async () => {
    const queue = new ActionQueue('dbx_1');
    const begun: string[] = [];
    let end = (): void => undefined;
    const first = queue.take(() => new Promise<void>((resolve) => (end = resolve)), {});
    const work = (name: string) => (): Promise<void> => {
      begun.push(name);
      return Promise.resolve();
    };
    const stop = new AbortController();
    const second = queue.take(work('second'), { signal: stop.signal });
    const third = queue.take(work('third'), {});
    stop.abort();
    await assert.rejects(second, isCancelled);
    assert.deepEqual([begun, queue.busy], [[], false], 'the first one is still at work');
    await assert.rejects(queue.take(work('fourth'), { signal: AbortSignal.abort() }), isCancelled);
    end();
    await Promise.all([first, third]);
    assert.deepEqual(begun, ['third']);
  });

  it('end with their queue', async () => {
    const queue = new ActionQueue('dbx_1');
    void queue.take(() => new Promise<void>(() => undefined), {});
    const waiting = queue.take(() => Promise.resolve(), {});
    queue.dispose();
    await assert.rejects(waiting, (error) => RuntimeError.is(error, 'closed'));
  });
});
