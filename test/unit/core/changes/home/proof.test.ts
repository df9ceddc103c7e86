import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../../proof/campaign';
import { homeCampaign } from '../../../../proof/home/home';

describe('A sample of the campaign "home"', function () {
  this.timeout(480_000);

  it('brings what is sound home by its hashes and refuses what is hostile, with nothing changed', async () => {
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    const { done, failures } = await runCampaign(homeCampaign, { name: 'home', seed: 1, first: 31, runs: 10, print });
    assert.deepEqual([done, failures], [10, []], said.join('\n'));
  });
});
