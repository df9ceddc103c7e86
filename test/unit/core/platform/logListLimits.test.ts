import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { LogListScanner } from '../../../../src/core/platform/logListScanner';

const mb = Buffer.alloc(1 << 20, 'a');

/** Gives the scanner this and then so many megabytes. @returns how many it took before it refused */
function taken(start: string, megabytes: number): number {
  const scanner = new LogListScanner('dbx_1');
  scanner.take(Buffer.from(start));
  for (let count = 0; count < megabytes; count += 1) {
    try {
      scanner.take(mb);
    } catch (error) {
      assert.ok(RuntimeError.is(error, 'unexpected_answer'), String(error));
      return count;
    }
  }
  return megabytes;
}

describe('a log that is read entry by entry', () => {
  for (const [what, start] of [
    ['an entry', '{"logs":[{"message":"'],
    ['a text in place of one', '{"logs":[{}, "'],
    ['a word in place of one', '{"logs":[{}, x'],
    ['a list in place of one', '{"logs":[["'],
  ] as const) {
    it(`keeps no more than 32 MB of ${what}`, () => assert.ok(taken(start, 100) <= 32));
  }

  for (const [what, start] of [
    ['before it', '{"more":"'],
    ['behind it', '{"logs":[{}],"more":"'],
    ['in place of it', '{"logs":"'],
  ] as const) {
    it(`keeps next to nothing of what stands ${what}`, () => assert.equal(taken(start, 100), 0));
  }

  it('takes many entries of any length up to that', () => {
    const scanner = new LogListScanner('dbx_1');
    let entries = 0;
    for (const text of ['{"logs":[{"m":"', '"},{"m":"', '"},{"m":"']) {
      entries += scanner.take(Buffer.from(text)).length;
      for (let count = 0; count < 20; count += 1) entries += scanner.take(mb).length;
    }
    entries += scanner.take(Buffer.from('"}]}')).length;
    scanner.end();
    assert.equal(entries, 3);
  });
});
