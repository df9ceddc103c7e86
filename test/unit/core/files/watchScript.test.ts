import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { watchScript } from '../../../../src/core/files/watchScript';
import { eventually } from '../../../eventually';

describe('The script that watches files', () => {
  it('takes in a long word whose second half comes later, as over a slow connection', async () => {
    const program = spawn('bash', ['-c', watchScript], { stdio: ['pipe', 'pipe', 'inherit', 'ignore', 'pipe'] });
    const ended = once(program, 'exit');
    const said: string[] = [];
    const [input, output] = program.stdio as unknown as [Writable, Readable];
    createInterface({ input: output }).on('line', (line) => said.push(line));
    const says = (word: string): Promise<unknown> =>
      eventually(
        () => Promise.resolve(said),
        (all) => all.includes(word),
      );
    try {
      input.end('s/nothing-is-here\0');
      await says('r 0');
      const words = program.stdio[4] as Writable;
      const word = `w 1:${Buffer.from(`s/${'n'.repeat(200)}\0`).toString('base64')}`;
      words.write(word.slice(0, 100));
      // It looks about once a second, and waits for a word in between.
      await pause(2_500);
      words.write(`${word.slice(100)}\n`);
      await says('r 1');
      assert.deepEqual(said, ['r 0', 'r 1']);
    } finally {
      program.kill('SIGKILL');
      await ended;
    }
  }).timeout(60_000);
});
