import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ListedLines } from '../../../../src/core/logs/listedLines';

const entry = (text: string): Parameters<ListedLines['listed']>[0] => ({
  level: 'info',
  source: 'exec',
  timestampMs: 1,
  text,
});

describe('The list held against the streams of an execution', () => {
  /** Both tell each line once; the list what it is given, in that order. */
  function held(listed: readonly string[], streamed: readonly string[], isListFirst: boolean): ListedLines {
    const lines = new ListedLines();
    const list = (): void => listed.forEach((text) => lines.listed(entry(text)));
    if (isListFirst) list();
    for (const text of streamed) {
      lines.arrived(text.length);
      lines.streamed(text);
    }
    if (!isListFirst) list();
    return lines;
  }

  for (const isListFirst of [true, false]) {
    const texts = ({ waiting }: ListedLines): string[] => waiting.map(({ text }) => text);
    const name = isListFirst ? 'list first' : 'streams first';

    it(`has nothing left over when both told the same, in any order (${name})`, () => {
      const lines = held(['a', 'b', 'a', 'c'], ['c', 'a', 'a', 'b'], isListFirst);
      assert.deepEqual(texts(lines), []);
      assert.equal(lines.hasMore, false);
    });

    it(`has what the streams did not bring, as often as it was missing (${name})`, () => {
      const lines = held(['a', 'b', 'a', 'a', 'c'], ['a', 'c'], isListFirst);
      assert.deepEqual(texts(lines).sort(), ['a', 'a', 'b']);
      assert.equal(lines.hasMore, true);
    });

    it(`takes lines that are cut in another way for no more than they are (${name})`, () => {
      const lines = held(['one ', 'line'], ['one line'], isListFirst);
      assert.equal(lines.hasMore, false);
    });

    it(`counts what is too much to be kept (${name})`, () => {
      const many = Array.from({ length: 50_000 }, (_, at) => `line ${at}`);
      const lines = held([...many, 'last'], many, isListFirst);
      assert.deepEqual(texts(lines), ['last']);
      assert.equal(lines.hasMore, true);
    });
  }
});
