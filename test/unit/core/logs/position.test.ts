import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FollowPosition, isNotice, type Taken } from '../../../../src/core/logs/followPosition';

const raw = (n: number, id?: number, text = `line ${n}`): { id: number | undefined; json: string } => ({
  id,
  json: JSON.stringify({ level: 'info', source: 'entrypoint', timestamp_ms: 1000 + n, message: text }),
});
const shown = (taken: readonly Taken[]): string[] =>
  taken.map((item) =>
    isNotice(item) ? `${item.kind} ${item.kind === 'gap' ? String(item.missing) : ''}`.trim() : item.text,
  );

describe('the position in a log', () => {
  it('skips by id what a replay or a resume brings again, and counts what is missing', () => {
    const position = new FollowPosition();
    position.begin();
    assert.deepEqual(shown(position.take([raw(1, 1), raw(2, 2)])), ['line 1', 'line 2']);
    position.begin();
    assert.deepEqual(shown(position.take([raw(1, 1), raw(2, 2), raw(3, 3)])), ['line 3']);
    position.begin();
    assert.deepEqual(shown(position.take([raw(4, 4), raw(9, 9)])), ['line 4', 'gap 4', 'line 9']);
    position.begin();
    assert.deepEqual(shown(position.take([raw(1, 1, 'new')])), ['restarted', 'new']);
  });

  it('skips by count where there are no ids', () => {
    const position = new FollowPosition();
    for (const upTo of [0, 1, 2, 5, 5, 9]) {
      position.begin();
      const before = position.count;
      const taken = shown(position.take(Array.from({ length: upTo }, (_, index) => raw(index))));
      assert.deepEqual(
        taken,
        Array.from({ length: upTo - before }, (_, index) => `line ${before + index}`),
      );
      assert.deepEqual(position.finish(), []);
    }
  });

  it('finds its place by time where the log has lost its beginning, and says when it cannot', () => {
    const position = new FollowPosition();
    position.begin();
    position.take([raw(1), raw(2), raw(3)]);
    position.begin();
    assert.deepEqual(shown(position.take([raw(2), raw(3), raw(4)])), ['line 4']);
    position.begin();
    assert.deepEqual(shown(position.take([raw(8), raw(9)])), ['gap undefined', 'line 8', 'line 9']);
  });

  it('keeps what is no log entry as text', () => {
    const position = new FollowPosition();
    position.begin();
    assert.deepEqual(shown(position.take([{ id: 1, json: '{"half' }])), ['{"half']);
  });
});
