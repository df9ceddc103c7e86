import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDataDir } from '../../platform/platformProcess';
import { startPlatform } from '../../platform/testPlatform';
import type { Running } from '../campaign';
import { Acknowledged } from './acknowledged';

/** How many write at once. */
const writers = 4;

/** A platform that is killed at any moment while several write: what it acknowledged is there. */
export function killedSiege(): Promise<Running> {
  return Promise.resolve({
    run: async (dice) => {
      const dataDir = await newDataDir();
      try {
        const first = await startPlatform([], { dataDir, keepData: true });
        const writes = await Acknowledged.start(first.client());
        const stop = new AbortController();
        const loops = Array.from({ length: writers }, (_, at) =>
          writes.writeOn(first.client(), dice.apart(at), stop.signal),
        );
        await sleep(dice.whole(100, 2_000));
        await first.kill();
        stop.abort();
        await Promise.all(loops);
        const second = await startPlatform([], { dataDir, keepData: true });
        try {
          await writes.verify(second.client());
        } finally {
          await second.stop();
        }
        return { 'writes acknowledged': writes.count, 'times killed': 1 };
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    },
    end: () => Promise.resolve(),
  });
}
