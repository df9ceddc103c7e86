import { connect, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from '../campaign';
import { newDataDir } from '../../platform/platformProcess';
import { startPlatform } from '../../platform/testPlatform';

/** Connections that are opened at once: more than the platform may have descriptors. */
const connections = 600;

/** A platform with few descriptors, flooded with connections, and killed: what it acknowledged is there. */
export function descriptorsSiege(): Promise<Running> {
  return Promise.resolve({
    run: async (dice) => {
      const dataDir = await newDataDir();
      const acknowledged: string[] = [];
      const flood: Socket[] = [];
      try {
        const first = await startPlatform([], {
          dataDir,
          keepData: true,
          within: ['bash', '-c', 'ulimit -n 256 && exec "$@"', 'limit'],
        });
        for (let count = 0; count < connections; count += 1) {
          flood.push(connect(first.port, '127.0.0.1').on('error', () => undefined));
        }
        for (let count = 0; count < 20; count += 1) {
          const made = await first
            .client()
            .networkPolicies.create({ name: `policy ${count}`, allow_all: true })
            .catch(() => undefined);
          if (made !== undefined) acknowledged.push(made.id);
        }
        await sleep(dice.whole(0, 200));
        if (first.child.exitCode !== null) throw new Error(`The platform ended: ${first.stderr()}`);
        flood.forEach((socket) => socket.destroy());
        await first.client().devboxes.list();
        await first.kill();
        const second = await startPlatform([], { dataDir, keepData: true });
        for (const id of acknowledged) await second.client().networkPolicies.retrieve(id);
        await second.stop();
        return { acknowledged: acknowledged.length };
      } finally {
        flood.forEach((socket) => socket.destroy());
        await rm(dataDir, { recursive: true, force: true });
      }
    },
    end: () => Promise.resolve(),
  });
}
