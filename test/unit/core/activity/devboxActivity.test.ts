import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DevboxActivity, type UsedDevbox } from '../../../../src/core/activity/devboxActivity';

/** A clock that goes on when the test says so. */
class TestClock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly everyMs: number; nextMs: number; readonly work: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  every(everyMs: number, work: () => void): { dispose(): void } {
    const timer = { everyMs, nextMs: this.#nowMs + everyMs, work };
    this.#timers.add(timer);
    return { dispose: () => this.#timers.delete(timer) };
  }

  async goOn(seconds: number): Promise<void> {
    const endMs = this.#nowMs + seconds * 1000;
    for (;;) {
      const next = [...this.#timers].filter(({ nextMs }) => nextMs <= endMs).sort((a, b) => a.nextMs - b.nextMs)[0];
      this.#nowMs = next?.nextMs ?? endMs;
      if (next === undefined) break;
      next.nextMs += next.everyMs;
      next.work();
      await settled();
    }
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Telling Runloop that a devbox is in use', () => {
  const idleRule = { seconds: 600, action: 'suspend' };
  function used(options: { isOn?: () => boolean; fails?: () => boolean; rule?: UsedDevbox['idleRule'] } = {}) {
    const clock = new TestClock();
    const sentAt: number[] = [];
    const failures: unknown[] = [];
    const told: string[] = [];
    const activity = new DevboxActivity({
      clock,
      ...(options.isOn === undefined ? {} : { isOn: options.isOn }),
      onTold: (id) => told.push(id),
      onFailure: (_id, error) => failures.push(error),
    });
    const devbox = (id: string): UsedDevbox => ({
      id,
      idleRule: 'rule' in options ? options.rule : idleRule,
      tell: () => {
        sentAt.push(clock.now() / 1000);
        return options.fails?.() === true ? Promise.reject(new Error('no network')) : Promise.resolve();
      },
    });
    return { clock, activity, devbox, sentAt, failures, told };
  }

  it('tells at once, then at most once in a tenth of the idle time, and nothing that no use asked for', async () => {
    const { clock, activity, devbox, sentAt } = used();
    for (let second = 0; second < 300; second += 1) {
      activity.used(devbox('a'));
      await clock.goOn(1);
    }
    assert.deepEqual(sentAt, [0, 60, 120, 180, 240]);
    await clock.goOn(36_000);
    assert.equal(sentAt.length, 5);
    activity.used(devbox('a'));
    assert.equal(sentAt.length, 6);
  });

  it('counts each devbox by itself, and by its own idle time', async () => {
    const { clock, activity, devbox, sentAt } = used({ rule: { seconds: 60, action: 'shutdown' } });
    activity.used(devbox('a'));
    activity.used(devbox('b'));
    await clock.goOn(5.9);
    activity.used(devbox('a'));
    await clock.goOn(0.1);
    activity.used(devbox('a'));
    assert.deepEqual(sentAt, [0, 0, 6]);
  });

  it('goes on while somebody waits for what runs in it, and ends with that', async () => {
    const { clock, activity, devbox, sentAt } = used();
    let end = (): void => undefined;
    const running = activity.during(devbox('a'), () => new Promise<void>((resolve) => (end = resolve)));
    await clock.goOn(1_210);
    end();
    await running;
    await clock.goOn(36_000);
    assert.deepEqual(
      sentAt,
      Array.from({ length: 21 }, (_, i) => i * 60),
    );
    // Also where it fails.
    await assert.rejects(activity.during(devbox('a'), () => Promise.reject(new Error('x'))));
    await clock.goOn(36_000);
    assert.equal(sentAt.length, 22);
  });

  it('tells nothing where no idle rule would hear it, or where it is switched off', async () => {
    for (const rule of [undefined, { seconds: 0, action: 'suspend' }, { seconds: NaN, action: 'suspend' }]) {
      const { activity, devbox, sentAt } = used({ rule });
      activity.used(devbox('a'));
      await activity.during(devbox('a'), settled);
      assert.deepEqual(sentAt, []);
    }
    let isOn = false;
    const { activity, devbox, sentAt } = used({ isOn: () => isOn });
    activity.used(devbox('a'));
    assert.deepEqual(sentAt, []);
    isOn = true;
    activity.used(devbox('a'));
    assert.deepEqual(sentAt, [0]);
  });

  it('says once that it fails, and tries again with later use', async () => {
    let fails = true;
    const { clock, activity, devbox, sentAt, failures, told } = used({ fails: () => fails });
    for (let i = 0; i < 3; i += 1) {
      activity.used(devbox('a'));
      await clock.goOn(60);
    }
    assert.deepEqual([sentAt.length, failures.length, told.length], [3, 1, 0]);
    fails = false;
    activity.used(devbox('a'));
    await clock.goOn(60);
    assert.equal(told.length, 1);
    fails = true;
    activity.used(devbox('a'));
    await clock.goOn(60);
    assert.equal(failures.length, 2);
  });
});
