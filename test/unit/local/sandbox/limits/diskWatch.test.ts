import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { eventually } from '../../../../eventually';
import { DiskWatch } from '../../../../../src/local/sandbox/limits/diskWatch';

describe('What a devbox has on disk', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'disk-watch-'));
    for (let number = 0; number < 50; number += 1) {
      mkdirSync(join(folder, `d${number}`));
      writeFileSync(join(folder, `d${number}`, 'f'), 'x'.repeat(10_000));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const look = (limits: { readonly disk: number; readonly files: number }): Promise<string | undefined> =>
    new DiskWatch(folder, limits, { kind: 'mark', mark: 'of nobody' }).overLimit(new AbortController().signal);

  it('is over a limit of bytes, or of files and folders, and says which', async () => {
    assert.equal(await look({ disk: 2 ** 30, files: 1_000 }), undefined);
    assert.equal(await look({ disk: 2 ** 30, files: 100 }), '101 of 100 files and folders on disk');
    assert.match((await look({ disk: 100_000, files: 1_000 })) ?? '', /^0\.00 GiB of 0\.00 GiB on disk$/);
  });

  it('is counted anew where there is less room of its kind: more bytes in few files, or many files without bytes', async () => {
    const { signal } = new AbortController();
    const disk = { disk: 40 * 2 ** 20, files: 1_000_000 };
    const files = { disk: 2 ** 40, files: 1_000 };
    const [bytesWatch, filesWatch] = [disk, files].map(
      (limits) => new DiskWatch(folder, limits, { kind: 'mark', mark: 'of nobody' }),
    );
    assert.equal(await bytesWatch?.overLimit(signal), undefined);
    assert.equal(await filesWatch?.overLimit(signal), undefined);
    writeFileSync(join(folder, 'large'), Buffer.alloc(60 * 2 ** 20, 1));
    await eventually(
      async () => bytesWatch?.overLimit(signal),
      (over) => /^0\.0\d GiB of 0\.04 GiB on disk$/.test(over ?? ''),
    );
    mkdirSync(join(folder, 'many'));
    for (let number = 0; number < 20_000; number += 1) writeFileSync(join(folder, 'many', `f${number}`), '');
    await eventually(
      async () => filesWatch?.overLimit(signal),
      (over) => /^20\d{3} of 1000 files and folders on disk$/.test(over ?? ''),
    );
  });
});
