import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ExecutionSpace, OutputSpace } from '../../../../../../src/local/devbox/run/executions/outputSpace';

describe('The room for the outputs of a devbox', () => {
  it('is for the oldest bytes of an execution, and for none after a gap', () => {
    const one = new ExecutionSpace(new OutputSpace(() => false, 1_000), 100);
    assert.deepEqual([one.take(60), one.take(60), one.take(1)], [60, 40, 0]);
  });

  it('has a sum, for which the oldest that have ended make room', () => {
    const ended: ExecutionSpace[] = [];
    const all = new OutputSpace(() => {
      const oldest = ended.shift();
      oldest?.release();
      return oldest !== undefined;
    }, 100);
    const [first, second, third] = [
      new ExecutionSpace(all, 80),
      new ExecutionSpace(all, 80),
      new ExecutionSpace(all, 80),
    ];
    assert.deepEqual([first.take(60), second.take(40)], [60, 40]);
    ended.push(first);
    assert.equal(third.take(50), 50);
    assert.equal(third.take(20), 10, 'nothing more has ended');
  });
});
