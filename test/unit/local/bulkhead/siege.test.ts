import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../proof/campaign';
import { siegeCampaign } from '../../../proof/siege/siege';

/** Two of a hundred of what `npm run proof -- siege` does, always the same. */
describe('a small siege', function () {
  this.timeout(120_000);

  for (const [what, runs] of [
    ['devboxes', 20],
    ['folders', 4],
    ['descriptors', 1],
  ] as const) {
    it(`outlives ${what}`, async () => {
      const said: string[] = [];
      const outcome = await runCampaign(siegeCampaign, {
        name: 'siege',
        seed: 1,
        runs,
        words: [what],
        say: (line) => said.push(line),
      });
      assert.deepEqual(outcome.failures, [], said.join('\n'));
      assert.equal(outcome.done, runs);
    });
  }
});
