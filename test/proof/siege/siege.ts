import { messageOf } from '../../../src/core/errors';
import { Finding, type Campaign, type Counts, type Running, type Print } from '../campaign';
import { descriptorsSiege } from './descriptors';
import { devboxSiege } from './devboxes';
import { diskSiege } from './disk';
import { folderSiege } from './folders';
import { killedSiege } from './killed';
import { judgeLatencies } from './latencies';

interface Part {
  readonly name: string;
  /** How many of the runs of a whole siege it has. */
  readonly runs: number;
  /** Within which a run of it must be over, in milliseconds. */
  readonly limitMs: number;
  begin(print: Print): Promise<Running>;
}

/** What can be besieged, in the order in which all of it is. */
const parts: readonly Part[] = [
  { name: 'devboxes', runs: 1_000, limitMs: 180_000, begin: devboxSiege },
  { name: 'folders', runs: 200, limitMs: 90_000, begin: folderSiege },
  { name: 'killed', runs: 20, limitMs: 120_000, begin: killedSiege },
  { name: 'disk', runs: 20, limitMs: 180_000, begin: diskSiege },
  { name: 'descriptors', runs: 20, limitMs: 120_000, begin: descriptorsSiege },
];

const names = parts.map(({ name }) => name);

const whole = parts.reduce((sum, { runs }) => sum + runs, 0);

/**
 * Hostile devboxes, damaged data folders, kills, full disks and used up descriptors against the local platform, which must
 * outlive them all. A run is twenty attacks at once of a devbox, or one damaged folder, kill, disk or flood.
 */
export const siegeCampaign: Campaign = {
  about: `siege [${names.join(' | ')}]: hostile answers, frames, names, trees and outputs from devboxes, damaged data folders, kills, full disks, no descriptors left. The platform never ends, others lose nothing and wait at most twice as long, every folder starts, and what was acknowledged is there.`,
  runs: whole,
  ownNetwork: true,
  begin: async ({ words: [what], runs, print }) => {
    if (what === undefined) return besiegeAll(runs, print);
    const part = parts.find(({ name }) => name === what);
    if (part === undefined) throw new Error(`There is no siege of ${what}, only of ${names.join(', ')}.`);
    return within(part, await part.begin(print));
  },
  judge: judgeLatencies,
};

/** One part after the other, each with its share of the runs. */
function besiegeAll(runs: number, print: Print): Running {
  let present: { readonly part: Part; readonly running: Running } | undefined;
  return {
    run: async (dice, index) => {
      const part = partOf(Math.floor((index / runs) * whole));
      if (present?.part !== part) {
        await present?.running.end();
        present = undefined;
        print(part.name);
        present = { part, running: within(part, await part.begin(print)) };
      }
      try {
        return await present.running.run(dice, index);
      } catch (error) {
        const counts: Counts = error instanceof Finding ? error.counts : {};
        throw new Finding(`${part.name}: ${messageOf(error)}`, counts);
      }
    },
    end: async () => present?.running.end(),
  };
}

/** A part whose runs have a deadline each: one that never ends is found wrong, and the next one is tried. */
function within({ limitMs }: Part, running: Running): Running {
  return {
    ...running,
    run: async (dice, index) => {
      let late: NodeJS.Timeout | undefined;
      const tooLate = new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(new Error(`it was not over after ${limitMs / 1_000} s`)), limitMs);
      });
      try {
        return await Promise.race([running.run(dice, index), tooLate]);
      } finally {
        clearTimeout(late);
      }
    },
  };
}

/** The part that a run of the whole belongs to. */
function partOf(run: number): Part {
  let first = 0;
  for (const part of parts) {
    first += part.runs;
    if (run < first) return part;
  }
  throw new Error(`There is no run ${run}.`);
}
