import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDataDir } from '../../platform/platformProcess';
import { startPlatform } from '../../platform/testPlatform';
import type { Running } from '../campaign';
import { Acknowledged } from './acknowledged';

/** Connections that are opened at once: more than the platform may have descriptors. */
const connections = 600;

/** A platform with few descriptors, flooded with connections, and killed: what it acknowledged is there. */
export function descriptorsSiege(): Promise<Running> {
  return Promise.resolve({
    run: async (dice) => {
      const dataDir = await newDataDir();
      const flood: Socket[] = [];
      try {
        const first = await startPlatform([], {
          dataDir,
          keepData: true,
          within: ['bash', '-c', `ulimit -n ${dice.whole(180, 300)} && exec "$@"`, 'limit'],
        });
        const writes = await Acknowledged.start(first.client());
        for (let count = 0; count < connections; count += 1) {
          flood.push(connect(first.port, '127.0.0.1').on('error', () => undefined));
        }
        for (let count = 0; count < 20; count += 1) await writes.write(first.client(), dice);
        await sleep(dice.whole(0, 200));
        assert.equal(first.child.exitCode, null, `The platform ended: ${first.stderr()}`);
        flood.forEach((socket) => socket.destroy());
        await first.client().devboxes.list();
        await first.kill();
        const second = await startPlatform([], { dataDir, keepData: true });
        try {
          await writes.verify(second.client());
        } finally {
          await second.stop();
        }
        return { 'writes acknowledged': writes.count };
      } finally {
        flood.forEach((socket) => socket.destroy());
        await rm(dataDir, { recursive: true, force: true });
      }
    },
    end: () => Promise.resolve(),
  });
}
