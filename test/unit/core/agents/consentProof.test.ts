import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../proof/campaign';
import { consentCampaign } from '../../../proof/consent/consent';

describe('A sample of the campaign "consent"', function () {
  this.timeout(600_000);

  it('lets an agent do exactly what was approved, each once', async () => {
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    const { done, failures } = await runCampaign(consentCampaign, { name: 'consent', seed: 1, runs: 10, print });
    assert.deepEqual([done, failures], [10, []], said.join('\n'));
  });
});
