import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { remainingText } from '../../../../src/extension/devboxes/devboxText';

describe('The time that is left', () => {
  for (const [leftMs, text] of [
    [119_000, '2 min'],
    [600_000 - 1, '10 min'],
    [601_000, '10 min'],
    [114_000, '1 min'],
    [60_000, '1 min'],
    [59_000, 'under 1 min'],
  ] as const) {
    it(`is ${text} where it is ${leftMs} ms, as a warning comes a moment after its time`, () => {
      assert.equal(remainingText(leftMs, 0), text);
    });
  }
});
