import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { quietChannels, type ChannelState } from '../../../src/extension/output/quietChannels';

describe('channels of devboxes', () => {
  it('go once nothing comes and nobody looks, but for the ones used last', () => {
    const channels = new Map<string, ChannelState>(
      Array.from({ length: 40 }, (_, at) => [`dbx_${at}`, { isFollowed: at % 10 === 0, isShown: at === 1 }]),
    );
    const gone = quietChannels(channels);
    assert.equal(gone.length, 40 - 4 - 1 - 8);
    assert.ok(!gone.includes('dbx_0') && !gone.includes('dbx_1') && gone[0] === 'dbx_2');
    assert.deepEqual(
      gone.filter((id) => Number(id.slice(4)) > 31),
      [],
    );
    for (const id of gone) channels.delete(id);
    assert.deepEqual(quietChannels(channels), []);
  });
});
