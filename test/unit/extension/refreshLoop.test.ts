import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { refreshDelaySeconds, RefreshLoop } from '../../../src/extension/devboxTree/refreshLoop';

describe('refreshDelaySeconds', () => {
  const state = { visible: true, focused: true, inTransition: false, pauseSeconds: undefined };

  it('is quick while something changes, slower else, rare without focus, never while hidden', () => {
    assert.equal(refreshDelaySeconds({ ...state, inTransition: true }), 2);
    assert.equal(refreshDelaySeconds(state), 10);
    assert.equal(refreshDelaySeconds({ ...state, focused: false, inTransition: true }), 60);
    assert.equal(refreshDelaySeconds({ ...state, visible: false }), undefined);
  });

  it('stays away as long as the server asked', () => {
    assert.equal(refreshDelaySeconds({ ...state, inTransition: true, pauseSeconds: 20 }), 20);
  });
});

describe('RefreshLoop', () => {
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
      state: () => ({ visible: false, focused: true, inTransition: false, pauseSeconds: undefined }),
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
      state: () => ({ visible: false, focused: false, inTransition: false, pauseSeconds: undefined }),
      onError: (error) => failures.push(error),
    });
    await loop.now();
    loop.dispose();
    assert.equal(failures.length, 1);
  });
});
