import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../proof/campaign';
import { cutsCampaign } from '../../../proof/cuts/cuts';

describe('A sample of the campaign "cuts"', function () {
  this.timeout(300_000);

  it('has the same shell after cuts, reloads and second windows, and sends no key twice', async () => {
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    const { done, failures } = await runCampaign(cutsCampaign, {
      name: 'cuts',
      seed: 1,
      first: 0,
      runs: 6,
      print,
    });
    assert.deepEqual([done, failures], [6, []], said.join('\n'));
  });
});
