import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { runCampaign } from '../../../proof/campaign';
import { Dice } from '../../../proof/dice';
import { Besiegers } from '../../../proof/siege/besiegers';
import { siegeCampaign } from '../../../proof/siege/siege';
import { skip } from '../../../run/skip';
import { artifactsDir, outDir } from '../../../vscode/projectPaths';

/** A little of what `npm run proof -- siege` does, always the same. */
describe('a small siege', function () {
  this.timeout(240_000);

  for (const [what, runs] of [
    ['devboxes', 8],
    ['folders', 4],
    ['killed', 1],
    ['disk', 2],
  ] as const) {
    it(`outlives ${what}`, async function () {
      if (what === 'disk' && process.getuid?.() !== 0) skip(this, 'only root can mount a small disk of its own');
      const said: string[] = [];
      // What is measured among other tests says nothing: `judge` looks at the whole siege only.
      const outcome = await runCampaign(
        { ...siegeCampaign, judge: (counts) => ({ shown: counts, faults: [] }) },
        { name: 'siege', seed: 1, runs, words: [what], print: (line) => said.push(line) },
      );
      assert.deepEqual(outcome.failures, [], said.join('\n'));
      assert.equal(outcome.done, runs);
    });
  }

  it('attacks as often as it is to without listening ever more', async () => {
    const warned: string[] = [];
    const warn = ({ message }: Error): void => void warned.push(message);
    process.on('warning', warn);
    const besiegers = new Besiegers({ baseUrl: 'http://127.0.0.1:1', apiKey: 'none' });
    try {
      for (let run = 0; run < 15; run += 1) {
        await besiegers.attack({ attacks: 0, hostile: [], dice: new Dice(1, run) }, 30_000);
      }
      assert.deepEqual(warned, []);
    } finally {
      besiegers.end();
      process.off('warning', warn);
    }
  });

  it('is laid in a network of its own', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root gets a network of its own');
    const seed = String(process.pid);
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        join(outDir, 'proof.js'),
        ...['siege', 'descriptors', '--n', '1', '--seed', seed],
      ]);
      assert.match(stderr, /^in a network of its own$/m);
      assert.match(stdout, /^proof siege, seed \d+: 1 of 1 runs, none failed; writes acknowledged [1-9]/);
    } finally {
      rmSync(join(artifactsDir, 'proof', `siege-descriptors-${seed}-0-1.json`), { force: true });
    }
  });
});
