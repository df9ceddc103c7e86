import { DevboxWatch } from '../../src/core/files/devboxWatch';
import { signal, type ChangesDevbox } from '../unit/core/changes/useChanges';
import { median, quantile } from './bench';

const writes = 40;
/** Files of the repository, beside which one is written. */
const files = 500;
const patienceMs = 20_000;

/** How long it takes from a write in a devbox until what differs is read, as long as its folder is watched, in milliseconds. */
export interface Live {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly statusMs: number;
  readonly shown: number;
}

/** Writes to one file again and again; each time it is read anew once the watching process tells of it. */
export async function measureLive(box: ChangesDevbox): Promise<Live> {
  const top = await box.repository(`for f in $(seq ${files}); do echo $f > f$f; done`);
  await box.read(top);
  let tell = (): void => undefined;
  let watching = (): void => undefined;
  const isWatching = new Promise<void>((resolve) => (watching = resolve));
  const stop = new AbortController();
  const watch = new DevboxWatch({
    commands: box.commands,
    isRunning: () => true,
    requireRunning: () => Promise.resolve(),
    onChange: () => tell(),
    onWatching: (is) => (is ? watching() : undefined),
    onFailure: (error) => {
      throw error;
    },
    signal: stop.signal,
  });
  const taken: number[] = [];
  try {
    watch.set([{ kind: 'deep', path: top }], []);
    await isWatching;
    for (let count = 1; count <= writes; count += 1) {
      const shown = new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`Write ${count} was not told of.`)), patienceMs);
        tell = () => {
          void box.read(top).then(({ report }) => {
            if (report.files.get('f7')?.size !== 1_000 + count) return;
            clearTimeout(late);
            resolve(Date.now());
          }, reject);
        };
      });
      // The devbox's clock is this computer's.
      const wrote = box.bash(`cd ${top}; head -c ${1_000 + count} /dev/zero > f7; date +%s%3N`);
      taken.push((await shown) - Number(await wrote));
    }
  } finally {
    await watch.close();
    stop.abort();
  }
  const began = performance.now();
  for (let count = 0; count < 5; count += 1) {
    await box.commands.run(`cd ${top}; git status --porcelain=v2 -z -uall | wc -c`, { signal, deadlineMs: 30_000 });
  }
  const statusMs = (performance.now() - began) / 5;
  return { medianMs: median(taken), p95Ms: quantile(taken, 0.95), statusMs, shown: taken.length };
}
