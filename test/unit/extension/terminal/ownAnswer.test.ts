import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isOwnAnswer } from '../../../../src/extension/terminal/ownAnswer';

describe('What a terminal answers by itself', () => {
  it('is told from keys', () => {
    for (const answer of [
      '\u001b[10;1R',
      '\u001b[?1;2c',
      '\u001b[>0;276;0c',
      '\u001bP>|xterm.js(6.1.0-beta.304)\u001b\\',
      '\u001b[?2026;2$y',
      '\u001b[I',
      '\u001b[0n\u001b[10;1R',
    ]) {
      assert.ok(isOwnAnswer(answer), JSON.stringify(answer));
    }
    for (const key of [
      'a',
      '\r',
      '\u0003',
      '\u001b',
      '\u001b[A',
      '\u001b[200~x\u001b[201~',
      '\u001b[10;1Rx',
      '\u001b[1;5C',
    ]) {
      assert.ok(!isOwnAnswer(key), JSON.stringify(key));
    }
  });
});
