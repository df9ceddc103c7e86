import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { refreshDelaySeconds, RefreshLoop, type RefreshState } from '../../../../src/extension/devboxes/refreshLoop';
import { ManualTiming } from './manualTiming';

const seen: RefreshState = {
  signedIn: true,
  wanted: true,
  visible: true,
  focused: true,
  inTransition: false,
  failures: 0,
};

describe('refreshDelaySeconds', () => {
  it('is quick only while something changes before the eyes of the user, slow else, rare unseen', () => {
    assert.equal(refreshDelaySeconds({ ...seen, inTransition: true }), 2.5);
    assert.equal(refreshDelaySeconds(seen), 10);
    assert.equal(refreshDelaySeconds({ ...seen, focused: false, inTransition: true }), 60);
    assert.equal(refreshDelaySeconds({ ...seen, visible: false, inTransition: true }), 60);
  });

  it('is never while nobody is signed in or nobody has looked yet', () => {
    assert.equal(refreshDelaySeconds({ ...seen, signedIn: false }), undefined);
    assert.equal(refreshDelaySeconds({ ...seen, wanted: false }), undefined);
  });

  it('keeps more and more distance while it fails', () => {
    const delays = [1, 2, 4, 20].map((failures) => refreshDelaySeconds({ ...seen, inTransition: true, failures }));
    assert.deepEqual(delays, [5, 10, 40, 300]);
  });
});

describe('RefreshLoop', () => {
  const counting = (state: () => RefreshState) => {
    const timing = new ManualTiming();
    const runs = { count: 0 };
    const loop = new RefreshLoop({
      refresh: () => {
        runs.count += 1;
        return Promise.resolve();
      },
      state,
      onError: (error) => assert.fail(String(error)),
      timing,
    });
    return { loop, timing, runs };
  };

  it('runs one refresh at a time, and another one for requests that came meanwhile', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const loop = new RefreshLoop({
      refresh: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        runs += 1;
      },
      state: () => ({ ...seen, wanted: false }),
      onError: (error) => assert.fail(String(error)),
    });
    await Promise.all([loop.now(), loop.now(), loop.now()]);
    loop.dispose();
    assert.deepEqual([most, runs], [1, 2]);
  });

  it('reports a failure instead of losing it', async () => {
    const failures: unknown[] = [];
    const loop = new RefreshLoop({
      refresh: () => Promise.reject(new Error('boom')),
      state: () => ({ ...seen, wanted: false }),
      onError: (error) => failures.push(error),
    });
    await loop.now();
    loop.dispose();
    assert.equal(failures.length, 1);
  });

  it('looks soon when the user comes back to an old list, and not at once for a window that flickers', async () => {
    const { loop, timing, runs } = counting(() => seen);
    await loop.now();
    await timing.pass(1);
    for (let flicker = 0; flicker < 5; flicker += 1) loop.returned();
    await timing.pass(1);
    assert.equal(runs.count, 1);
    await timing.pass(3);
    assert.equal(runs.count, 2);
    loop.dispose();
    assert.equal(timing.planned, 0);
  });

  it('calls nothing during a pause, whoever asks', async () => {
    const { loop, timing, runs } = counting(() => seen);
    loop.pause(20);
    await loop.now();
    loop.returned();
    await timing.pass(19);
    assert.equal(runs.count, 0);
    assert.equal(Math.round(loop.pauseSeconds), 1);
    await timing.pass(1);
    assert.equal(runs.count, 1);
    loop.dispose();
  });
});
