import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCampaign } from '../../proof/campaign';
import { filesCampaign, filesRuns } from '../../proof/files/files';
import type { UiTests } from '../sharedWindow';

export const fileOperations: UiTests = (useWindow) =>
  describe('A sample of the campaign "files"', function () {
    this.timeout(240_000);
    const session = useWindow();

    it('comes to the same in a devbox as on this computer', async () => {
      const said: string[] = [];
      const campaign = { ...filesCampaign, begin: () => filesRuns(session()) };
      const { done, failures } = await runCampaign(campaign, {
        name: 'files',
        seed: 1,
        runs: 2,
        print: (line) => void said.push(line),
      });
      assert.deepEqual([done, failures], [2, []], said.join('\n'));
    });
  });
