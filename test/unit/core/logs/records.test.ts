import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LineGroup } from '../../../../src/core/logs/lineGroups';
import { filterThatShows, hidesNothing, showEverything } from '../../../../src/core/logs/logFilter';
import { LogRecords } from '../../../../src/core/logs/logRecords';
import { recordText } from '../../../../src/core/logs/recordText';
import type { LineLevel } from '../../../../src/core/logs/serverLine';

const noon = new Date(2026, 10, 24, 12, 0, 0, 7).getTime();
const group = (text: string, level: LineLevel = 'info', source = 'entrypoint'): LineGroup => ({
  level,
  source,
  timestampMs: noon,
  text,
});
const everything = { lines: 1_000_000, characters: 1_000_000_000 };

/** All that a reader gets who reads in small pieces. */
function readAll(
  records: LogRecords,
  filter = showEverything,
  limits = { lines: 7, characters: 400 },
): { text: string; lines: number } {
  let [text, lines, from] = ['', 0, 0];
  while (from < records.count) {
    const slice = records.read(from, filter, limits);
    assert.ok(slice.next > from);
    text += slice.text;
    lines += slice.lines;
    from = slice.next;
  }
  return { text, lines };
}

describe('a log as text', () => {
  it('has time, level, source and text, with further lines indented', () => {
    assert.equal(recordText(group('one')), '2026-11-24 12:00:00.007 [info] [entrypoint] one\n');
    assert.equal(
      recordText(group('Traceback:\n  File "x"\n2026-11-24 12:00:00.000 [error] a lie', 'error')),
      '2026-11-24 12:00:00.007 [error] [entrypoint] Traceback:\n      File "x"\n    2026-11-24 12:00:00.000 [error] a lie\n',
    );
    assert.equal(
      recordText({ level: 'warning', source: '', timestampMs: undefined, text: 'a\u2028b' }),
      '[warning] a b\n',
    );
    assert.equal(
      recordText({ level: 'debug', source: 's\u001b[1m\n]', timestampMs: 1e300, text: '' }),
      '[debug] [s ]] \n',
    );
  });

  it('comes back whole, in pieces of any size, over many blocks', () => {
    const records = new LogRecords();
    const groups = Array.from({ length: 3_000 }, (_, n) => group(n % 10 === 0 ? `${n}\nsecond\nthird` : `line ${n}`));
    groups[1_501] = group('x'.repeat(3_000_000));
    for (let at = 0; at < groups.length; at += 700) records.add(groups.slice(at, at + 700));
    const expected = groups.map((group) => recordText(group)).join('');
    assert.equal(records.lineCount, 3_600);
    for (const limits of [
      { lines: 1, characters: 1 },
      { lines: 7, characters: 400 },
      { lines: 100_000, characters: 1 << 20 },
      everything,
    ]) {
      const { text, lines } = readAll(records, showEverything, limits);
      assert.ok(text === expected);
      assert.equal(lines, 3_600);
    }
    assert.deepEqual(records.read(records.count, showEverything, everything), { text: '', lines: 0, next: 3_000 });
  });

  it('is filtered by level and source, never of our own remarks nor of sources that come later', () => {
    const records = new LogRecords();
    records.add([group('a', 'error'), group('b', 'debug'), group('c', 'info', 'exec')]);
    records.addNotice('warning', 'something may be missing', noon);
    const filter = filterThatShows(
      { levels: new Set(['error', 'info']), sources: new Set(['entrypoint']) },
      records.sources.map(({ name }) => name),
    );
    records.add([group('d', 'info', 'kmsg'), group('e', 'warning', 'kmsg')]);
    const shown = readAll(records, filter)
      .text.split('\n')
      .map((line) => line.slice(24));
    assert.deepEqual(shown, ['[error] [entrypoint] a', '[warning] something may be missing', '[info] [kmsg] d', '']);
    assert.equal(records.linesShown(filter), 3);
    assert.equal(records.linesShown(showEverything), 6);
    assert.deepEqual(records.sources, [
      { name: 'entrypoint', count: 2 },
      { name: 'exec', count: 1 },
      { name: 'kmsg', count: 2 },
    ]);
    assert.equal(records.countOf('info'), 2);
    assert.ok(hidesNothing(filterThatShows({ levels: new Set(), sources: new Set() }, ['entrypoint'])));
  });

  it('knows where a line is, whatever is filtered', () => {
    const records = new LogRecords();
    records.add([group('0\n1\n2', 'error')]);
    records.addNotice('warning', 'ours', noon);
    records.add([group('3', 'debug'), group('4\n5', 'error')]);
    assert.deepEqual(
      [0, 2, 3, 5, 6].map((line) => records.lineWithNotices(line)),
      [0, 2, 4, 6, undefined],
    );
    const errors = filterThatShows({ levels: new Set(['error']), sources: new Set() }, []);
    assert.deepEqual(
      [0, 2, 3, 4, 5, 6].map((line) => records.recordAt(line, errors)),
      [0, 0, 1, 3, 3, 4],
    );
    assert.equal(records.linesShown(errors, 3), 4);
  });
});
