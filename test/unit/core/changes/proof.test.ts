import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../proof/campaign';
import { changesCampaign } from '../../../proof/changes/changes';

describe('A sample of the campaign "changes"', function () {
  this.timeout(180_000);

  it('tells both groups as git and a copy of the start have them', async () => {
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    const { done, failures } = await runCampaign(changesCampaign, { name: 'changes', seed: 1, runs: 4, print });
    assert.deepEqual([done, failures], [4, []], said.join('\n'));
  });
});
