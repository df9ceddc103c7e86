import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { IdlePolicy } from '../../../../../src/core/options/runtimeOptions';
import { parseDevbox } from '../../../../../src/core/platform/devbox';
import { watchLifetime } from '../../../../../src/core/runtime/connect/lifetime';

describe('The watch over a lifetime', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000_000 }));
  afterEach(() => mock.timers.reset());

  const watch = (
    idle: IdlePolicy | undefined,
    lifetime = 3_600,
  ): { renewed: number; warned: number[]; end(): void } => {
    const devbox = parseDevbox({
      id: 'dbx_1',
      status: 'running',
      create_time_ms: Date.now(),
      launch_parameters: { keep_alive_time_seconds: lifetime },
    });
    const seen = { renewed: 0, warned: [] as number[], end: (): void => watching.dispose() };
    const keepAlive = (): Promise<void> => Promise.resolve(void (seen.renewed += 1));
    const onExpiring = (seconds: number): void => void seen.warned.push(seconds);
    const watching = watchLifetime({
      devbox,
      idle,
      keepAlive,
      onExpiring,
      onFailure: (error) => assert.fail(String(error)),
    });
    return seen;
  };

  it('renews an idle policy well before it strikes, until it ends, and warns of no end then', () => {
    const seen = watch({ afterSeconds: 600, action: 'suspend' });
    mock.timers.tick(599_000);
    assert.ok(seen.renewed >= 1 && seen.renewed <= 10, `renewed ${seen.renewed} times before the policy strikes`);
    const before = seen.renewed;
    seen.end();
    mock.timers.tick(3_600_000);
    assert.deepEqual([seen.renewed, seen.warned], [before, []]);
  });

  it('warns five minutes before a fixed end, once, and at once where less is left', () => {
    const seen = watch(undefined, 3_600);
    mock.timers.tick(3_299_000);
    assert.deepEqual(seen.warned, []);
    mock.timers.tick(1_000);
    assert.deepEqual([seen.warned, seen.renewed], [[300], 0]);
    const short = watch(undefined, 120);
    mock.timers.tick(1);
    assert.deepEqual(short.warned, [120]);
    mock.timers.tick(3_600_000);
    assert.equal(short.warned.length, 1);
  });
});
