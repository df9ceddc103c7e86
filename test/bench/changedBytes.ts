import { randomBytes } from 'node:crypto';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { CountingProxy } from '../platform/countingProxy';
import type { TestPlatform } from '../platform/testPlatform';
import { changesDevbox, signal } from '../unit/core/changes/useChanges';

const most = 5 * 1024 * 1024;

/** What crosses the channel for the diff of one changed file, beside what the diff's two sides hold. */
export interface ChangedBytes {
  readonly name: string;
  /** Bytes of both sides. */
  readonly held: number;
  /** Bytes on the connections, there and back: with the scripts, the heads of requests and all that answers say. */
  readonly carried: number;
  readonly requests: number;
}

/** A line that packs as text of a program does. */
const text = (count: number, word: string): string =>
  Array.from({ length: count }, (_, line) => `const ${word}${line} = compute(${line * 7919}, '${word}');\n`).join('');

const files: Readonly<Record<string, readonly [Buffer, Buffer]>> = {
  // With it the script goes that reads all of them.
  'a first text of 1 kB': [Buffer.from(text(22, 'c')), Buffer.from(text(22, 'd'))],
  'a text of 1 kB': [Buffer.from(text(22, 'a')), Buffer.from(text(22, 'b'))],
  'a text of 100 kB': [Buffer.from(text(2_200, 'a')), Buffer.from(text(2_200, 'b'))],
  '60 kB that do not pack': [randomBytes(60_000), randomBytes(60_000)],
  '30 kB that do not pack': [randomBytes(30_000), randomBytes(30_000)],
  '1 MB that does not pack': [randomBytes(1_000_000), randomBytes(1_000_000)],
  '4 MB that do not pack': [randomBytes(4_000_000), randomBytes(4_000_000)],
};

/** Opens the diff of one file of each kind, as an editor does: both sides are asked for at once. */
export async function changedBytes(platform: TestPlatform): Promise<readonly ChangedBytes[]> {
  const proxy = await CountingProxy.start(platform.baseUrl);
  try {
    const box = await changesDevbox(new RunloopApi({ apiKey: platform.apiKey, baseUrl: proxy.baseUrl }), {
      name: 'bytes',
    });
    const top = await box.repository();
    const put = async (which: 0 | 1): Promise<void> => {
      for (const [name, sides] of Object.entries(files)) {
        const options = { create: true, overwrite: true, token: 'any', signal };
        await box.files.write(`${top}/${name}`, { size: sides[which].length, bytes: [sides[which]] }, options);
      }
    };
    await put(0);
    await box.bash(`cd ${top}; git add -A; git commit -qm two`);
    await put(1);
    const read = await box.read(top);
    const all: ChangedBytes[] = [];
    for (const [name, sides] of Object.entries(files)) {
      const change = read.groups.uncommitted.find((one) => one.path === name);
      if (change?.before === undefined || change.after === undefined) throw new Error(`${name} has no two sides.`);
      proxy.reset();
      const found = await Promise.all(
        [change.before, change.after].map((side) => box.changes.content(read, { path: name, side }, { most, signal })),
      );
      const [carried, requests] = [proxy.bytes, proxy.paths.length];
      const isWhole = found.every((one, at) => 'bytes' in one && one.bytes.equals(sides[at] ?? Buffer.of()));
      if (!isWhole) throw new Error(`${name} is not what was read.`);
      all.push({ name, held: sides[0].length + sides[1].length, carried, requests });
    }
    return all;
  } finally {
    await proxy.stop();
  }
}
