import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
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
});
