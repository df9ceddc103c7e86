import type { Campaign, Running, Say } from '../campaign';
import { descriptorsSiege } from './descriptors';
import { folderSiege } from './folders';
import { devboxSiege } from './devboxes';

/** What can be besieged, by the word behind the campaign's name. */
const sieges: Readonly<Record<string, (say: Say) => Promise<Running>>> = {
  devboxes: devboxSiege,
  folders: folderSiege,
  descriptors: descriptorsSiege,
};

/**
 * Hostile devboxes, damaged data folders and used up descriptors against the local platform, which must outlive them all. A run is twenty attacks at once of a devbox, or one damaged folder, or one flood.
 */
export const siegeCampaign: Campaign = {
  about:
    'siege [devboxes | folders | descriptors]: hostile answers, frames, names, trees and outputs from devboxes, damaged data folders, no descriptors left. The platform never ends, others lose nothing, every folder starts, and what was acknowledged is there.',
  runs: 1_000,
  begin: ({ words: [what = 'devboxes'], say }) => {
    const begin = Object.hasOwn(sieges, what) ? sieges[what] : undefined;
    if (begin === undefined) {
      throw new Error(`There is no siege of ${what}, only of ${Object.keys(sieges).join(', ')}.`);
    }
    return begin(say);
  },
};
