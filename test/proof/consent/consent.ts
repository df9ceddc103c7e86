import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startPlatform } from '../../platform/testPlatform';
import { exampleAgentIn } from '../../unit/core/agents/useAgent';
import { filesDevbox } from '../../unit/core/files/useFiles';
import type { Campaign } from '../campaign';
import { ConsentRun } from './consentRun';

/**
 * An agent asks before each of its calls. Persons answer in windows that are processes, several at once and not of one mind,
 * while ways are cut, windows are killed and opened, turns are interrupted and the devbox is suspended.
 */
export const consentCampaign: Campaign = {
  about:
    'consent: whatever happens to windows, ways and the devbox, exactly those calls of an agent are carried out that were approved, each once',
  runs: 500,
  async begin() {
    const platform = await startPlatform([], { longLived: true });
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const box = await filesDevbox(api, 'consent');
    const command = await exampleAgentIn(box);
    return {
      run: (dice, index) => new ConsentRun({ platform, api, box, command }, dice, index).run(),
      end: () => platform.stop(),
    };
  },
};
