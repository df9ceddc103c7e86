import assert from 'node:assert/strict';
import { waitFor } from '../../eventually';
import { echoServer, send, tunnelHost, whenListening } from '../../platform/tunnelRequests';
import { type TestPlatform, startPlatform } from '../../platform/testPlatform';
import type { Running } from '../campaign';
import type { Dice } from '../dice';
import { Acknowledged } from './acknowledged';
import { SmallDisk } from './smallDisk';

/** Writes that are tried while the disk is full. */
const triesWhenFull = 25;

/**
 * A platform whose disk gets full, is killed then or when there is room again: what it acknowledged is there, what it
 * refused it refused with the reason, and a devbox that ran goes on.
 */
export function diskSiege(): Promise<Running> {
  return Promise.resolve({
    run: async (dice) => {
      const disk = await SmallDisk.make('80m');
      const platforms: TestPlatform[] = [];
      const start = async (): Promise<TestPlatform> => {
        const platform = await startPlatform([], { dataDir: disk.path, keepData: true, within: disk.within });
        platforms.push(platform);
        return platform;
      };
      try {
        const first = await start();
        const writes = await Acknowledged.start(first.client());
        const worker = await startWorker(first);
        for (let count = dice.whole(0, 10); count > 0; count -= 1) await writes.write(first.client(), dice);
        await fillUp(disk, first, writes, dice);
        await worker();
        if (dice.chance(0.5)) {
          await disk.free();
          await waitFor('writes are taken again', async () => {
            const before = writes.count;
            await writes.write(first.client(), dice);
            return writes.count > before ? true : undefined;
          });
        }
        assert.doesNotMatch(first.stderr(), /made a mistake/);
        assert.equal(first.child.exitCode, null, 'the platform has ended');
        await first.kill();
        // One whose disk has no room at all cannot promise to start.
        await disk.free();
        const second = await start();
        await writes.verify(second.client());
        const reasons = writes.refused.filter((reason) => !/507.*ENOSPC/.test(reason));
        assert.deepEqual(reasons, [], 'refused without the reason');
        return { 'writes acknowledged': writes.count, 'writes refused with the reason': writes.refused.length };
      } finally {
        for (const platform of platforms) await platform.stop('SIGKILL');
        await disk.remove();
      }
    },
    end: () => Promise.resolve(),
  });
}

/** Fills the disk, all at once or again and again while there are writes. */
async function fillUp(disk: SmallDisk, platform: TestPlatform, writes: Acknowledged, dice: Dice): Promise<void> {
  const spare = dice.pick([0, 0, 4_096, 100_000]);
  const again = dice.chance(0.5);
  await disk.fill(spare);
  for (let count = 0; count < triesWhenFull; count += 1) {
    await writes.write(platform.client(), dice);
    if (again) await disk.fill(spare);
  }
}

/** A devbox that answers through its tunnel; gives what looks whether it still does. */
async function startWorker(platform: TestPlatform): Promise<() => Promise<void>> {
  const { tunnel } = await platform
    .client()
    .devboxes.createAndAwaitRunning({ entrypoint: echoServer('worker'), tunnel: {} });
  const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
  await whenListening(platform, host);
  return async () => assert.match((await send(platform, host, '/there')).text, /"worker","url":"\/there"/);
}
