import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ServerClock } from '../../../../src/core/platform/serverClock';

describe('The server clock', () => {
  it("follows the server's time where ours is wrong, and does not jitter where it is right", () => {
    const clock = new ServerClock();
    clock.observe(new Date(10_000_000).toUTCString(), 2_000_000, 2_000_200);
    assert.equal(clock.now(2_000_100), 10_000_500);
    clock.observe(new Date(10_001_000).toUTCString(), 2_000_900, 2_001_000);
    assert.equal(clock.now(2_000_100), 10_000_500);
    clock.observe(new Date(2_003_000).toUTCString(), 2_003_900, 2_004_000);
    assert.equal(clock.now(5), 5);
    clock.observe('no date', 1, 2);
    clock.observe(undefined, 1, 2);
    assert.equal(clock.now(5), 5);
  });
});
