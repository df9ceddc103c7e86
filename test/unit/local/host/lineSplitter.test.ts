import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LineSplitter } from '../../../../src/local/host/lineSplitter';

describe('local platform, lines of a program', () => {
  it('splits output into lines whatever the chunks', () => {
    const bytes = Buffer.from('ä\r\n10%\r20%\nrest 😀');
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) {
        splitter.write(bytes.subarray(at, at + size));
      }
      splitter.end();
      assert.deepEqual(lines, ['ä\r', '10%\r20%', 'rest 😀'], `chunks of ${size}`);
    }
  });
});
