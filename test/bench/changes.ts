import { DevboxChanges } from '../../src/core/changes/devboxChanges';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { startPlatform } from '../platform/testPlatform';
import { changesDevbox, signal } from '../unit/core/changes/useChanges';
import { median, type Bench } from './bench';
import { measureLive } from './liveChanges';

const files = 10_000;
/** Reads of which the worst block counts, and pairs of a read and a bare `git status`. */
const reads = 5;

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
      print(`nothing (the noise of this computer): longest block ${noise.blockMs.toFixed(1)} ms`);
      const [ours, bare, blocks]: [number[], number[], number[]] = [[], [], []];
      let bytes = 0;
      for (let count = 0; count < reads; count += 1) {
        // As somebody who looks has it: something was changed since the read before.
        await box.bash(`cd ${top}; echo ${count} >> d${count + 1}/f1`);
        const read = await longestBlock(() => box.read(top));
        const status = `cd ${top}; git status --porcelain=v2 -z -uall | wc -c`;
        const plain = await longestBlock(() => box.bash(status));
        ours.push(read.ms);
        bare.push(plain.ms);
        blocks.push(read.blockMs);
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
      const blockMs = Math.max(...blocks);
      const ratio = median(ours.map((ms, index) => ms / (bare[index] ?? Number.NaN)));
      print(`read: ${Math.round(median(ours))} ms (longest blocks ${blocks.map((ms) => ms.toFixed(1)).join(', ')} ms)`);
      print(`git status alone: ${Math.round(median(bare))} ms; ${Math.round(bytes / files)} bytes of report a file`);
      const live = await measureLive(box);
      print(
        `${live.shown} writes while it is watched: read after ${Math.round(live.medianMs)} ms, 95 of 100 within ${Math.round(live.p95Ms)} ms`,
      );
      return {
        bench: 'changes',
        runs: reads,
        results: { files, ours, bare, blocks, noise, bytesAFile: bytes / files, live },
        aims: [
          {
            name: `longest block while ${files} changed files are read, ms`,
            goal: `at most 50 (noise: ${Math.round(noise.blockMs)})`,
            value: blockMs,
            met: blockMs <= Math.max(50, noise.blockMs),
          },
          {
            name: 'a write until it is read, ms, 95 of 100',
            goal: `at most 1000, or twice "git status" (${Math.round(live.statusMs)} ms)`,
            value: live.p95Ms,
            met: live.p95Ms <= Math.max(1_000, 2 * live.statusMs),
          },
          { name: 'a read ÷ a bare "git status" beside it', goal: 'at most 3', value: ratio, met: ratio <= 3 },
        ],
      };
    } finally {
      await platform.stop();
    }
  },
};

/** How long something takes, and for how long at most nothing else could be done meanwhile. */
async function longestBlock(work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly blockMs: number }> {
  let [blockMs, last] = [0, performance.now()];
  const look = (): void => {
    const now = performance.now();
    blockMs = Math.max(blockMs, now - last - 1);
    last = now;
  };
  const timer = setInterval(look, 1);
  const began = performance.now();
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  return { ms: performance.now() - began, blockMs };
}
