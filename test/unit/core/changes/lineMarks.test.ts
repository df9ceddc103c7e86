import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lineMarks } from '../../../../src/core/changes/lineMarks';

describe('Lines that differ', () => {
  const told = (before: string, after: string): string[] | undefined =>
    lineMarks(before, after)?.map(({ kind, from, to }) => `${kind} ${from}-${to}`);

  it('are added, changed or gone, each with its place', () => {
    assert.deepEqual(told('a\nb\nc\n', 'a\nb\nc\n'), []);
    assert.deepEqual(told('a\nb\nc\n', 'a\nx\nb\nc\n'), ['added 1-1']);
    assert.deepEqual(told('a\nb\nc\n', 'a\nB\nBB\nc\n'), ['changed 1-2']);
    assert.deepEqual(told('a\nb\nc\nd\n', 'a\nd\n'), ['removed 0-0']);
    assert.deepEqual(told('a\nb\n', 'b\n'), ['removed 0-0']);
    assert.deepEqual(told('a\nb\nc\nd\ne\n', 'A\nb\nd\ne\nf\n'), ['changed 0-0', 'removed 1-1', 'added 4-4']);
    assert.deepEqual(told('', 'a\n'), ['added 0-0']);
  });

  it('are none where only the ends of lines are others', () => {
    assert.deepEqual(told('a\nb\n', 'a\r\nb\r\n'), []);
  });

  it('are not told of what is too much to compare', () => {
    assert.equal(told('', 'a'.repeat(1_000_001)), undefined);
    assert.equal(told('a'.repeat(1_000_001), ''), undefined);
  });
});
