import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { StartTurns } from '../../../../src/local/host/startTurns';

describe('turns to start a program', () => {
  it('come one in each round, so that all else has its turn between them', async () => {
    const turns = new StartTurns();
    let round = 0;
    let isOver = false;
    const next = (): void => {
      round += 1;
      if (!isOver) setImmediate(next);
    };
    setImmediate(next);
    const rounds = await Promise.all(
      Array.from({ length: 5 }, async () => {
        await turns.take();
        return round;
      }),
    );
    isOver = true;
    assert.equal(new Set(rounds).size, 5, rounds.join());
  });
});
