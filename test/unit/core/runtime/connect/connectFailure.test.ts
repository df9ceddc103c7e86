import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { cancelled, RuntimeError } from '../../../../../src/core/errors';
import { devboxProblem } from '../../../../../src/core/problems/devbox';
import { connectFailure } from '../../../../../src/core/runtime/connect/connectFailure';
import { startUnknown } from '../../../../../src/core/start/createDevbox';

describe('What is told of a connect that failed', () => {
  const devboxId = 'dbx_1';
  const told = (error: unknown, circumstances: { isCancelled?: boolean; isLate?: boolean } = {}): RuntimeError =>
    connectFailure(error, { isCancelled: false, isLate: false, limitMs: 90_000, devboxId, ...circumstances });
  const unknown = startUnknown('mine', cancelled());
  const refused = new RuntimeError({ problem: devboxProblem('suspended', { devbox: devboxId }) });

  it('is what may run unseen, also to somebody who cancelled or waited too long', () => {
    for (const isCancelled of [true, false]) {
      for (const isLate of [true, false]) assert.equal(told(unknown, { isCancelled, isLate }), unknown);
    }
  });

  it('is the cancellation before the deadline, and both before what they have broken off', () => {
    assert.equal(told(refused, { isCancelled: true, isLate: true }).code, 'cancelled');
    const late = told(refused, { isLate: true });
    assert.deepEqual([late.code, late.devboxId, late.cause], ['deadline', devboxId, refused]);
    assert.match(late.message, /\b90\b/);
    assert.equal(told(refused), refused);
  });

  it('is named with its devbox where nobody has told what it was', () => {
    const fault = new Error('the pipe is broken');
    const other = told(fault);
    assert.deepEqual([other.devboxId, other.cause], [devboxId, fault]);
    assert.match(other.message, /the pipe is broken/);
  });
});
