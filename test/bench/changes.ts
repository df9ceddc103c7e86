import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DevboxChanges } from '../../src/core/changes/devboxChanges';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { startPlatform } from '../platform/testPlatform';
import { outDir } from '../vscode/projectPaths';
import { changesDevbox, signal } from '../unit/core/changes/useChanges';
import { median, type Bench } from './bench';
import type * as windows from './changesWindow';
import { changedBytes } from './changedBytes';
import { measureLive } from './liveChanges';
import { longestBlock, type Measured } from './longestBlock';

const files = 10_000;
/** Reads of which the worst block counts, and pairs of a read and a bare `git status`. */
const reads = 5;
/** Milliseconds for which the view is hidden before processes are counted. */
const hiddenMs = 5_000;
/** Bytes of both sides of a diff from which on it counts for the aim: of a smaller one they are less than the heads of requests weigh. */
const largeBytes = 60_000;

/** Reading what ten thousand files differ by, beside a bare `git status` in the same devbox. */
export const changesBench: Bench = {
  about: `changes: a repository in which ${files} files differ is read, beside "git status" by the same way in the same devbox`,
  async run(_args, print) {
    const platform = await startPlatform([], { longLived: true });
    try {
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const box = await changesDevbox(api, { name: 'bench' });
      const top = await box.repository(
        `for d in $(seq 100); do mkdir d$d; for f in $(seq 100); do echo $f > d$d/f$f; done; done`,
      );
      await box.read(top);
      await box.bash(`cd ${top}; for f in d*/f*; do echo changed with some more words > $f; done`);
      await box.read(top);
      const noise = await longestBlock(() => new Promise((resolve) => setTimeout(resolve, 3_000)));
      print(`nothing (the noise of this computer): longest block ${told(noise)}`);
      const [ours, bare, blocks]: [number[], number[], Measured[]] = [[], [], []];
      let bytes = 0;
      for (let count = 0; count < reads; count += 1) {
        // As somebody who looks has it: something was changed since the read before.
        await box.bash(`cd ${top}; echo ${count} >> d${count + 1}/f1`);
        const read = await longestBlock(() => box.read(top));
        const status = `cd ${top}; git status --porcelain=v2 -z -uall | wc -c`;
        const plain = await longestBlock(() => box.bash(status));
        ours.push(read.ms);
        bare.push(plain.ms);
        blocks.push(read);
      }
      const counting = new DevboxChanges({
        devboxId: box.id,
        requireRunning: () => Promise.resolve(),
        commands: {
          run: async (command, options) => {
            const result = await box.commands.run(command, options);
            bytes = result.stdout.byteLength;
            return result;
          },
        },
      });
      const { groups } = await counting.read(top, signal);
      if (groups.uncommitted.length !== files) throw new Error(`${groups.uncommitted.length} files differ`);
      const [blockMs, noiseMs] = [longestOf(blocks), noise.ownMs];
      const ratio = median(ours.map((ms, index) => ms / (bare[index] ?? Number.NaN)));
      print(`read: ${Math.round(median(ours))} ms (longest blocks ${blocks.map(told).join(', ')})`);
      print(`git status alone: ${Math.round(median(bare))} ms; ${Math.round(bytes / files)} bytes of report a file`);
      const control = await measureSourceControl(api, { devboxId: box.id, top }, (count) =>
        box.bash(`cd ${top}; echo again ${count} >> d${count + 1}/f2`),
      );
      print(
        `with it in Source Control (${control.listed} files are listed): longest blocks ${control.blocks.map(told).join(', ')}, the first as it is opened`,
      );
      const live = await measureLive(box);
      print(
        `${live.shown} writes while it is watched: read after ${Math.round(live.medianMs)} ms, 95 of 100 within ${Math.round(live.p95Ms)} ms`,
      );
      const { processesWhileHidden } = await windowBundle();
      const { baseUrl, apiKey } = platform;
      const { seen, hidden } = await processesWhileHidden({ api, baseUrl, apiKey }, { box, restMs: hiddenMs });
      print(`processes of ours in the devbox: ${seen.length} while its changes are on screen, ${hidden.length} hidden`);
      for (const line of hidden) print(`  ${line}`);
      const changed = await changedBytes(platform);
      for (const one of changed) {
        const [times, fixed] = [one.carried / one.held, one.carried - one.held];
        print(
          `diff of ${one.name}: ${one.carried} bytes for ${one.held} of both sides: ${times.toFixed(2)} times, ${fixed} more; ${one.requests} requests`,
        );
      }
      const large = changed.filter(({ held }) => held >= largeBytes);
      const most = Math.max(...large.map(({ carried, held }) => carried / held));
      const controlMs = longestOf(control.blocks);
      return {
        bench: 'changes',
        runs: reads,
        results: { files, ours, bare, blocks, noise, bytesAFile: bytes / files, control, live, seen, hidden, changed },
        aims: [
          {
            name: `longest block while ${files} changed files are read, ms`,
            goal: `at most 50 (noise: ${Math.round(noiseMs)})`,
            value: blockMs,
            met: blockMs <= Math.max(50, noiseMs),
          },
          {
            name: 'longest block while they are also in Source Control, in the editor of the unit tests, ms',
            goal: `at most 50 (noise: ${Math.round(noiseMs)})`,
            value: controlMs,
            met: controlMs <= Math.max(50, noiseMs),
          },
          {
            name: 'a write until it is read, ms, 95 of 100',
            goal: `at most 1000, or twice "git status" (${Math.round(live.statusMs)} ms)`,
            value: live.p95Ms,
            met: live.p95Ms <= Math.max(1_000, 2 * live.statusMs),
          },
          { name: 'a read ÷ a bare "git status" beside it', goal: 'at most 3', value: ratio, met: ratio <= 3 },
          {
            name: 'processes of ours in the devbox while hidden',
            // Where none was seen before, this says nothing.
            goal: `0 (while it is seen: ${seen.length})`,
            value: hidden.length,
            met: hidden.length === 0 && seen.length > 0,
          },
          {
            name: `bytes that cross for the diff of a changed file ÷ those of its sides, the worst of those from ${largeBytes / 1_000} kB on`,
            goal: 'at most 1.2',
            value: most,
            met: most <= 1.2,
          },
        ],
      };
    } finally {
      await platform.stop();
    }
  },
};

/** The longest blocks of a process that shows the repository in Source Control. */
interface InSourceControl {
  readonly listed: number;
  /** As it is opened, then each time that it is read again. */
  readonly blocks: readonly Measured[];
}

/** Built with the editor of the unit tests. */
async function windowBundle(): Promise<typeof windows> {
  return (await import(pathToFileURL(join(outDir, 'bench', 'changesWindow.js')).href)) as typeof windows;
}

/** Opens the repository in Source Control, and has it read again after each change there. */
async function measureSourceControl(
  api: RunloopApi,
  of: { readonly devboxId: string; readonly top: string },
  change: (count: number) => Promise<unknown>,
): Promise<InSourceControl> {
  const { changesWindow } = await windowBundle();
  const window = changesWindow(api, of);
  try {
    await window.look();
    let listed = 0;
    const blocks = [await longestBlock(async () => (listed = await window.openInSourceControl()))];
    for (let count = 0; count < reads; count += 1) {
      await change(count);
      blocks.push(await longestBlock(() => window.readAgain()));
    }
    return { listed, blocks };
  } finally {
    window.end();
  }
}

function longestOf(all: readonly Measured[]): number {
  return Math.max(...all.map(({ ownMs }) => ownMs));
}

function told({ ownMs, wallMs }: Measured): string {
  return `${ownMs.toFixed(1)} ms (${wallMs.toFixed(1)} with waits for a core)`;
}
