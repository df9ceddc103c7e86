import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { inWindowTurn } from '../../../../src/ground/windowTurn';
import { Log } from '../../../../src/extension/messages/log';
import { addressMemory } from '../../../../src/extension/openVscode/addressMemory';
import { PortFiles } from '../../../../src/extension/openVscode/portNotes';

describe('Windows that begin at the same time', function () {
  this.timeout(120_000);
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'windows-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('make their addresses from one secret', async () => {
    const account = { usesLocal: true, baseUrl: () => '' };
    for (let run = 0; run < 20; run += 1) {
      let stored: string | undefined;
      // As slow as a keyring.
      const secrets = {
        get: async () => {
          await sleep(Math.random() * 30);
          return stored;
        },
        store: async (_name: string, value: string) => {
          await sleep(Math.random() * 30);
          stored = value;
        },
        delete: () => Promise.resolve(),
      };
      const log = new Log();
      const windows = Array.from({ length: 4 }, async () =>
        addressMemory({ account, secrets, folder: join(folder, String(run)), log }),
      );
      const made = new Set((await Promise.all(windows)).map(({ secret }) => secret));
      assert.deepEqual([...made], [stored]);
    }
  });

  it('do without a turn whose window has gone in the middle of it', async () => {
    const file = join(folder, 'some.turn');
    await writeFile(file, '');
    const old = new Date(Date.now() - 60_000);
    await utimes(file, old, old);
    assert.equal(await inWindowTurn(file, () => Promise.resolve('done')), 'done');
    assert.deepEqual(await readdir(folder), []);
  });

  it('agree on one port where a stranger has taken theirs', async () => {
    for (let run = 0; run < 20; run += 1) {
      const windows = Array.from({ length: 4 }, () => new PortFiles(folder, new Log()));
      await windows[0]?.note(`devbox ${run}`, 20_000, undefined);
      const noted = await Promise.all(
        windows.map((window, index) => window.note(`devbox ${run}`, 30_000 + index, 20_000)),
      );
      const ports = new Set([...noted, await windows[0]?.port(`devbox ${run}`)]);
      assert.equal(ports.size, 1, `${run}: ${[...ports].join()}`);
    }
  });
});
