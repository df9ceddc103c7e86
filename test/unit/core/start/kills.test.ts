import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../proof/campaign';
import { killsCampaign } from '../../../proof/kills/kills';

describe('A sample of the campaign "kills"', function () {
  this.timeout(180_000);

  it('leaves no devbox that nobody knows of, and none twice', async () => {
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    const { done, failures } = await runCampaign(killsCampaign, {
      name: 'kills',
      seed: 1,
      first: 8,
      runs: 4,
      print,
    });
    assert.deepEqual([done, failures], [4, []], said.join('\n'));
  });
});
