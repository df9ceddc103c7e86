import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { delayAfter, NotYet, retrying } from '../../../../src/core/http/retry';
import type { RetryRule } from '../../../../src/core/http/retryRules';
import { platformProblem } from '../../../../src/core/problems/platform';

const quick: RetryRule = { tries: 4, delayMs: 1, factor: 1, maxDelayMs: 1, jitter: false };

function failure(status: number, retryAfterSeconds?: number): RuntimeError {
  return new RuntimeError({
    problem: platformProblem(status === 429 ? 'log_rate_limited' : 'log_refused', { status }),
    status,
    retryAfterSeconds,
  });
}

describe('retrying', () => {
  it('tries transient failures again and gives the result', async () => {
    let tries = 0;
    const attempt = (): Promise<string> => {
      tries += 1;
      return tries < 3 ? Promise.reject(failure(503)) : Promise.resolve('done');
    };
    assert.equal(await retrying(attempt, { rule: quick }), 'done');
    assert.equal(tries, 3);
  });

  for (const status of [400, 401, 403, 404, 409, 422, 501]) {
    it(`never repeats a ${status} (D8)`, async () => {
      let tries = 0;
      const attempt = (): Promise<never> => {
        tries += 1;
        return Promise.reject(failure(status));
      };
      await assert.rejects(
        retrying(attempt, { rule: quick }),
        (error) => RuntimeError.is(error) && error.status === status,
      );
      assert.equal(tries, 1);
    });
  }

  it('gives the last failure when the tries are used up, not a wrapper (D28)', async () => {
    let tries = 0;
    const attempt = (): Promise<never> => {
      tries += 1;
      return Promise.reject(new NotYet(`try ${tries}`));
    };
    await assert.rejects(retrying(attempt, { rule: quick }), /try 4/);
  });

  it('does not repeat a programming error', async () => {
    let tries = 0;
    const attempt = (): Promise<never> => {
      tries += 1;
      return Promise.reject(new TypeError('undefined is not a function'));
    };
    await assert.rejects(retrying(attempt, { rule: quick }), TypeError);
    assert.equal(tries, 1);
  });

  it('tells how long the server asked to wait, and gives up on an hour', async () => {
    const waits: number[] = [];
    let tries = 0;
    const attempt = (): Promise<string> => {
      tries += 1;
      return tries === 1 ? Promise.reject(failure(429, 0.02)) : Promise.resolve('done');
    };
    await retrying(attempt, { rule: quick, onWait: ({ seconds }) => waits.push(seconds) });
    assert.deepEqual(waits, [0.02]);
    await assert.rejects(
      retrying(() => Promise.reject(failure(429, 3_600)), { rule: quick }),
      (error) => RuntimeError.is(error, 'rate_limited'),
    );
  });

  it('ends as cancelled when the signal is aborted while it waits', async () => {
    const stop = new AbortController();
    const slow: RetryRule = { ...quick, delayMs: 60_000, maxDelayMs: 60_000 };
    const waiting = retrying(() => Promise.reject(failure(503)), { rule: slow, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await assert.rejects(waiting, (error) => RuntimeError.is(error, 'cancelled'));
  });

  it('waits longer each time up to the longest wait, as the rule says', async () => {
    const rule: RetryRule = { tries: 5, delayMs: 10, factor: 2, maxDelayMs: 30, jitter: false };
    const waits: number[] = [];
    const attempt = (): Promise<never> => Promise.reject(failure(503));
    await assert.rejects(retrying(attempt, { rule, onWait: ({ seconds }) => waits.push(seconds) }));
    assert.deepEqual(waits, [0.01, 0.02, 0.03, 0.03]);
    for (let time = 0; time < 200; time += 1) {
      const jittered = delayAfter({ ...rule, jitter: true }, 2);
      assert.ok(jittered >= 10 && jittered <= 20, String(jittered));
    }
  });
});
