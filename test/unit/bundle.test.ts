import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parseJson } from '../../src/core/parse';
import { bundleSizes } from '../bench/bundleSizes';

/** kB of 1000 bytes. */
const most = 110;

describe('The bundle that is shipped', function () {
  this.timeout(120_000);

  it(`lets activation read ${most} kB at the most: what only some use is read when it is used`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    const meta = join(folder, 'meta.json');
    const dist = join(folder, 'dist');
    const words = ['esbuild.mjs', '--production', '--quiet', `--dist=${dist}`, `--metafile=${meta}`];
    execFileSync(process.execPath, words);
    const { entryKb, sdkKb } = bundleSizes(parseJson(readFileSync(meta, 'utf8')));
    assert.ok(entryKb <= most, `Activation reads ${entryKb} kB.`);
    // Whatever is counted there is the extension and all that comes with it.
    assert.ok(entryKb > 50 && sdkKb > 50, `Activation reads ${entryKb} kB, the SDK's first use ${sdkKb} kB.`);
  });
});
