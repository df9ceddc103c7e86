import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'mocha';
import { Execution } from '../../../../../../src/local/devbox/run/executions/execution';
import { OutputSpace } from '../../../../../../src/local/devbox/run/executions/outputSpace';
import type { SandboxProcess } from '../../../../../../src/local/sandbox/sandbox';

interface Logged {
  readonly message: string;
  /** In which it was logged. */
  readonly round: number;
}

/** The most that is logged in one round. */
function mostAtOnce(entries: readonly Logged[]): number {
  const inRound = new Map<number, number>();
  for (const { message, round } of entries) inRound.set(round, (inRound.get(round) ?? 0) + message.length);
  return Math.max(...inRound.values());
}

/** A kibibyte with its line end. */
const line = `${'x'.repeat(1_023)}\n`;

describe('the output of an execution in the log', () => {
  let folder = '';
  /** Rounds of the event loop so far: what others do has a turn in each. */
  let rounds = 0;
  let isOver = false;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-output-'));
    const round = (): void => {
      rounds += 1;
      if (!isOver) setImmediate(round);
    };
    round();
  });
  after(async () => {
    isOver = true;
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a command that says something and ends; gives what is logged of it, with the rounds in which that happened. */
  async function logged(
    name: string,
    output: string,
    space = new OutputSpace(() => false),
  ): Promise<readonly Logged[]> {
    const entries: Logged[] = [];
    const execution = new Execution(
      name,
      { command: name, shellName: undefined, attachStdin: false },
      join(folder, name),
      ({ message }) => void (message !== undefined && entries.push({ message, round: rounds })),
      () => Promise.resolve(),
      space,
    );
    const [stdout, stderr] = [new PassThrough({ highWaterMark: 2 ** 20 }), new PassThrough()];
    stdout.end(output);
    stderr.end();
    const exited = once(stdout, 'close').then(() => ({ code: 0 }));
    const said: SandboxProcess = {
      exited,
      closed: exited.then(() => undefined),
      stdin: undefined,
      stdout,
      stderr,
      kill: () => undefined,
    };
    await execution.run(() => Promise.resolve(said));
    assert.equal((await execution.stdout.tail(10_000)).text, output);
    return entries;
  }

  it('is whole and in its order, and holds nobody up for longer than a piece of it takes', async () => {
    const lines = Array.from({ length: 64 }, (_, at) => `${at} ${line}`);
    const entries = await logged('some', lines.join(''));
    assert.deepEqual(
      entries.map(({ message }) => `${message}\n`),
      lines,
    );
    const most = mostAtOnce(entries);
    assert.ok(most <= 9 * 1024, `${most} characters at once`);
  });

  it('takes turns with the outputs of others in its devbox', async () => {
    const space = new OutputSpace(() => false);
    const [one, other] = await Promise.all(['one', 'other'].map((name) => logged(name, line.repeat(64), space)));
    assert.deepEqual([one?.length, other?.length], [64, 64]);
    assert.ok((other?.[0]?.round ?? Infinity) < (one?.at(-1)?.round ?? 0), 'the other waited for all of the one');
    const most = mostAtOnce([...(one ?? []), ...(other ?? [])]);
    assert.ok(most <= 10 * 1024, `${most} characters at once`);
  });

  it('ends with a word on the rest when there is too much of it', async () => {
    const entries = await logged('much', line.repeat(400));
    assert.match(entries.at(-1)?.message ?? '', /^More output follows that is not logged/);
    assert.equal(entries.length, 258);
  });
});
