import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { watchScript } from '../../../../src/core/files/watchScript';
import { eventually } from '../../../eventually';

describe('The script that watches files', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'watch-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The script while it runs on this computer, and what it has said. */
  async function watching(
    fields: readonly string[],
    work: (words: Writable, said: readonly string[], says: (word: string) => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    const program = spawn('bash', ['-c', watchScript], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit', 'ignore', 'pipe'],
    });
    const ended = once(program, 'exit');
    const said: string[] = [];
    const [input, output] = program.stdio as unknown as [Writable, Readable];
    createInterface({ input: output }).on('line', (line) => said.push(line));
    try {
      input.end(fields.map((field) => `${field}\0`).join(''));
      await work(program.stdio[4] as Writable, said, (word) =>
        eventually(
          () => Promise.resolve(said),
          (all) => all.includes(word),
        ),
      );
    } finally {
      program.kill('SIGKILL');
      await ended;
    }
  }

  it('takes in a long word whose second half comes later, as over a slow connection', () =>
    watching(['s/nothing-is-here'], async (words, said, says) => {
      await says('r 0');
      const word = `w 1:${Buffer.from(`s/${'n'.repeat(200)}\0`).toString('base64')}`;
      words.write(word.slice(0, 100));
      // It looks about once a second, and waits for a word in between.
      await pause(2_500);
      words.write(`${word.slice(100)}\n`);
      await says('r 1');
      assert.deepEqual(said, ['r 0', 'r 1']);
    })).timeout(60_000);

  it('runs nothing that a name holds, and tells of each as often as it goes', async () => {
    const names = ['x$(touch ran)', 'y`touch ran`', 'a]b', '@', '*', '"', "'"];
    const paths = names.map((name) => join(folder, name));
    for (const path of paths) writeFileSync(path, '');
    await watching(
      paths.map((path) => `f${path}`),
      async (_words, said) => {
        const gone = (): number => said.filter((line) => line.startsWith('g ')).length;
        for (const times of [1, 2]) {
          const seen = said.length;
          for (const path of paths) writeFileSync(path, String(times));
          // All are there when it has told of them.
          await eventually(
            () => Promise.resolve(said.slice(seen)),
            (all) => paths.every((path) => all.some((line) => line.startsWith('c ') && line.endsWith(` ${path}`))),
          );
          for (const path of paths) rmSync(path);
          await eventually(
            () => Promise.resolve(gone()),
            (count) => count === times * paths.length,
          );
        }
      },
    );
    assert.deepEqual(readdirSync(folder), []);
  }).timeout(60_000);
});
