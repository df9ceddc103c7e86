import { cp, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Running } from '../campaign';
import type { Dice } from '../dice';
import { newDataDir } from '../../platform/platformProcess';
import { startPlatform } from '../../platform/testPlatform';

type Damage = (dice: Dice, path: string) => Promise<unknown>;

const damages: Readonly<Record<string, Damage>> = {
  'bytes changed': async (dice, path) => {
    const bytes = await readFile(path);
    for (let count = dice.whole(1, 200); count > 0 && bytes.length > 0; count -= 1) {
      bytes[dice.whole(0, bytes.length - 1)] = dice.whole(0, 255);
    }
    await writeFile(path, bytes);
  },
  'cut short': async (dice, path) => truncate(path, dice.whole(0, (await readFile(path)).length)),
  garbage: (dice, path) => writeFile(path, Buffer.alloc(dice.whole(0, 20_000), dice.whole(0, 255))),
  missing: (_dice, path) => rm(path, { recursive: true, force: true }),
  'a folder': async (_dice, path) => {
    await rm(path, { recursive: true, force: true });
    await mkdir(join(path, 'x'), { recursive: true });
  },
  'a link': async (dice, path) => {
    await rm(path, { recursive: true, force: true });
    await symlink(dice.pick(['/nowhere', '/dev/null', '.', '/etc']), path);
  },
};

/** Data folders that were damaged in one or several places: each starts, and works. */
export async function folderSiege(): Promise<Running> {
  const whole = await newDataDir();
  await prepare(whole);
  return {
    run: async (dice) => {
      const data = await newDataDir();
      const done: string[] = [];
      try {
        await cp(whole, data, { recursive: true, verbatimSymlinks: true });
        for (let count = dice.whole(1, 3); count > 0; count -= 1) {
          const names = (await readdir(data)).sort();
          const name = dice.chance(0.4) ? 'platform.db' : dice.pick(names);
          const kind = dice.pick(Object.keys(damages));
          done.push(`${name}: ${kind}`);
          // Some damages are none for a folder, or for what the one before has taken away.
          await damages[kind]?.(dice, join(data, name)).catch(() => undefined);
        }
        const platform = await startPlatform([], { dataDir: data, keepData: true });
        try {
          await platform.client().devboxes.list();
          await platform.client().devboxes.diskSnapshots.list();
          await platform.client().secrets.create({ name: 'AFTER', value: 'x' });
          if (/made a mistake/.test(platform.stderr())) throw new Error(platform.stderr());
        } finally {
          await platform.stop();
        }
        return { 'damaged folders started': 1 };
      } catch (error) {
        throw new Error(`${done.join(', ')}: ${String(error)}`, { cause: error });
      } finally {
        await rm(data, { recursive: true, force: true });
      }
    },
    end: () => rm(whole, { recursive: true, force: true }),
  };
}

/** A data folder with something of every kind in it. */
async function prepare(dataDir: string): Promise<void> {
  const platform = await startPlatform([], { dataDir, keepData: true });
  const client = platform.client();
  await client.secrets.create({ name: 'SECRET', value: 'word' });
  await client.networkPolicies.create({ name: 'policy', allow_all: true });
  const { id } = await client.devboxes.createAndAwaitRunning({ name: 'rested' });
  await client.devboxes.executeAndAwaitCompletion(id, { command: 'echo x' });
  await client.devboxes.snapshotDisk(id, { name: 'snapshot' });
  await client.devboxes.suspend(id);
  await client.devboxes.awaitSuspended(id);
  const ended = await client.devboxes.createAndAwaitRunning({ name: 'ended' });
  await client.devboxes.shutdown(ended.id);
  await platform.stop();
}
