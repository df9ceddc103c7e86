import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LifetimeClock } from '../../../../../src/local/devbox/lifeCycle/lifetime';

describe('local platform, the clock of a devbox’s run', () => {
  const now = 1_000_000_000;
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now }));
  afterEach(() => mock.timers.reset());

  /** Seconds from now after which a run ends that begins now. */
  function endsAfter(createdAt: number): number | undefined {
    let ended: number | undefined;
    const lifetime = { keepAliveSeconds: 60, onIdle: 'shutdown' } as const;
    const clock = new LifetimeClock(lifetime, createdAt, () => (ended = (Date.now() - now) / 1_000));
    for (let second = 0; second < 120; second += 1) mock.timers.tick(1_000);
    clock.dispose();
    return ended;
  }

  it('counts a lifetime from the creation, and once more where a run begins after it', () => {
    assert.equal(endsAfter(now), 60);
    mock.timers.setTime(now);
    assert.equal(endsAfter(now - 45_000), 15);
    mock.timers.setTime(now);
    assert.equal(endsAfter(now - 500_000), 60);
  });
});
