import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { watchLifetime } from '../../../../../src/core/runtime/connect/lifetime';

describe("The warning before a devbox's end", () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 }));
  afterEach(() => mock.timers.reset());

  /** Seconds that were told to be left, with the second in which they were told. */
  function watched(devbox: Parameters<typeof watchLifetime>[0]['devbox']) {
    const told: [second: number, left: number][] = [];
    const watch = watchLifetime({ devbox, onExpiring: (left) => told.push([Date.now() / 1000 - 1_000, left]) });
    return { told, watch };
  }
  const hour = { createTimeMs: 1_000_000, keepAliveSeconds: 3_600, idleRule: undefined, transitions: [] };

  it('comes once, five minutes before', () => {
    const { told } = watched(hour);
    mock.timers.tick(3_299_000);
    assert.deepEqual(told, []);
    mock.timers.tick(1_000);
    assert.deepEqual(told, [[3_300, 300]]);
    mock.timers.tick(1_000_000);
    assert.equal(told.length, 1);
  });

  it('comes at once where less is left', () => {
    const { told } = watched({ ...hour, createTimeMs: 1_000_000 - 3_500_000 });
    mock.timers.tick(1);
    assert.deepEqual(
      told.map(([, left]) => left),
      [100],
    );
  });

  it('does not come where nothing ends by time, nor after the connection', () => {
    const idle = watched({ ...hour, idleRule: { seconds: 600, action: 'suspend' } });
    const unknown = watched({ ...hour, keepAliveSeconds: undefined });
    const left = watched(hour);
    left.watch.dispose();
    mock.timers.tick(10_000_000);
    assert.deepEqual([idle.told, unknown.told, left.told], [[], [], []]);
  });
});
