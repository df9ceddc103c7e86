import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isOwnAnswer, withoutClipboard } from '../../../../src/extension/terminal/ownAnswer';

describe('What a terminal answers by itself', () => {
  it('is told from keys', () => {
    for (const answer of [
      '\u001b[10;1R',
      '\u001b[?1;2c',
      '\u001b[>0;276;0c',
      '\u001bP>|xterm.js(6.1.0-beta.304)\u001b\\',
      '\u001b[?2026;2$y',
      '\u001b[I',
      '\u001b[8;24;80t',
      '\u001b[4;600;800t',
      '\u001b[?0u',
      '\u001bP1$r0m\u001b\\',
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
      '\u001b[97;5u',
    ]) {
      assert.ok(!isOwnAnswer(key), JSON.stringify(key));
    }
  });

  it('never is what the clipboard holds', () => {
    assert.equal(withoutClipboard('a\u001b]52;c;cGFzc3dvcmQ=\u0007b'), 'ab');
    assert.equal(withoutClipboard('\u001b]52;p;cGFzc3dvcmQ=\u001b\\\u001b[10;1R'), '\u001b[10;1R');
    assert.equal(withoutClipboard('\u001b]11;rgb:00/00/00\u001b\\'), '\u001b]11;rgb:00/00/00\u001b\\');
  });
});
