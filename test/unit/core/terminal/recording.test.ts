import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { placeIn } from '../../../../src/core/terminal/recording';

describe('Live output in a recording', () => {
  const place = (recorded: string, live: string, least: number): number | undefined =>
    placeIn(Buffer.from(recorded), Buffer.from(live), least);

  it('is found at the end, also where more has come since', () => {
    assert.equal(place('one two three', 'three', 5), 8);
    assert.equal(place('one two three', 'three four', 3), 8);
    assert.equal(place('$ a\r\n$ b\r\n$ ', '$ ', 2), 10);
  });

  it('is found further back where some of it is still on its way', () => {
    assert.equal(place('one two three four', 'two', 3), 4);
  });

  it('is not guessed', () => {
    assert.equal(place('y\ny\ny\ny\n', 'y\ny\ny\n', 2), undefined);
    assert.equal(place('one one two', 'one', 3), undefined);
    assert.equal(place('one two', 'three', 2), undefined);
  });
});
