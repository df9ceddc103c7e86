import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SequentialQueue } from '../../../src/ground/sequentialQueue';

describe('turns of the event loop', () => {
  it('the first goes on within its turn, the others get one each, in their order', async () => {
    const turns = new SequentialQueue();
    const seen: string[] = [];
    const asked = ['a', 'b', 'c'].map(async (name) => {
      await turns.next();
      seen.push(name);
    });
    for (const wanted of ['a', 'a,b', 'a,b,c']) {
      // What is resolved goes on before the next turn of the event loop.
      await new Promise((resolve) => process.nextTick(resolve));
      await Promise.resolve();
      await Promise.resolve();
      assert.equal(seen.join(), wanted);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => process.nextTick(resolve));
    }
    await Promise.all(asked);
    await new Promise((resolve) => setImmediate(resolve));
    const again = turns.next().then(() => seen.push('d'));
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(seen.join(), 'a,b,c,d', 'free again');
    await again;
  });

  it('come one in each round, so that all else has its turn between them', async () => {
    const turns = new SequentialQueue();
    let round = 0;
    let isOver = false;
    const next = (): void => {
      round += 1;
      if (!isOver) setImmediate(next);
    };
    setImmediate(next);
    const rounds = await Promise.all(
      Array.from({ length: 5 }, async () => {
        await turns.next();
        return round;
      }),
    );
    isOver = true;
    assert.equal(new Set(rounds).size, 5, rounds.join());
  });
});
