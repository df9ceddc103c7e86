import assert from 'node:assert/strict';
import { closeSync, readFileSync, readlinkSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'mocha';
import { Pipes, closePipes } from '../../../../../src/local/host/pipes';
import { type Held, spawnCommand } from '../../../../../src/local/sandbox/spawnCommand';
import type { SandboxCommand, SandboxProcess } from '../../../../../src/local/sandbox/sandbox';
import { waitFor } from '../../../../eventually';
import { processesWith } from '../../../../platform/devboxProcesses';
import { startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';

type Command = SandboxProcess & { readonly pid: number | undefined };

describe('the small program that starts others', () => {
  const pipes = new Pipes();
  let folder: string;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'starter-'));
    await pipes.starter.open();
    if (!pipes.starter.isReady) skip(this, 'this computer has no Perl, or an old kernel');
  });
  after(() => rm(folder, { recursive: true }));

  const held = (more: Partial<Held> = {}): Held => ({
    pipes,
    words: ['/no/such/program'],
    groups: [],
    limits: [],
    ...more,
  });

  const start = async (script: string, more: Partial<SandboxCommand> = {}, how = held()): Promise<Command> => {
    const ends = await pipes.take(more.input === undefined ? 2 : 3);
    assert.ok(ends !== undefined);
    const environment = { PATH: '/usr/bin:/bin' };
    const command = { environment, cwd: '/', pipes: ends, ...more };
    return spawnCommand(['/bin/bash', '--norc', '-c', script], command, undefined, how);
  };

  const endOf = async (command: Command): Promise<readonly [number, string, string]> => {
    const said = await Promise.all([text(command.stdout), text(command.stderr)]);
    return [(await command.exited).code, ...said];
  };

  it('gives a program its words, variables, input and outputs, and tells how it ended', async () => {
    const environment = { PATH: '/usr/bin:/bin', ODD: 'a=b\nc "ü" \u{1f600}', EMPTY: '' };
    const echo = await start(
      'read -r line; echo "$line|$ODD|${EMPTY-unset}"; echo err > /dev/stderr; env | wc -l; exit 3',
      {
        environment,
        input: 'open',
      },
    );
    echo.stdin?.end('typed\n');
    assert.deepEqual(await endOf(echo), [3, `typed|${environment.ODD}|\n7\n`, 'err\n']);
    assert.deepEqual(await endOf(await start('kill -9 $$')), [137, '', '']);
    assert.deepEqual(await endOf(await start('kill -TERM $$')), [143, '', '']);
    // Its input is empty where there is none.
    assert.deepEqual(await endOf(await start('cat; echo over')), [0, 'over\n', '']);
  });

  it('leads a session of its own, with nothing that this process or another start has open', async () => {
    const script = 'read -r _ _ _ _ group session _ < /proc/$$/stat; echo "$group $session $$"; echo /proc/$$/fd/*';
    const many = await Promise.all(Array.from({ length: 12 }, () => start(script)));
    for (const command of many) {
      const [, said] = await endOf(command);
      const [numbers = '', files = ''] = said.split('\n');
      assert.deepEqual(new Set(numbers.split(' ')).size, 1, said);
      // The shell has the folder open that it looks into.
      assert.equal(files.replaceAll(/\S*\//g, ''), '0 1 2 3');
    }
  });

  it('is held to its limits and written into its groups before it begins', async () => {
    const group = join(folder, 'group');
    writeFileSync(group, '');
    const how = held({
      groups: [group],
      limits: [
        [1, 4_096],
        [4, 0],
      ],
    });
    const [code, said] = await endOf(await start('ulimit -f; ulimit -Hf; ulimit -c', {}, how));
    assert.deepEqual([code, said], [0, '4\n4\n0\n']);
    assert.equal(readFileSync(group, 'utf8'), '0');
    const nowhere = held({ groups: [join(folder, 'none', 'group')] });
    assert.deepEqual(await endOf(await start('echo never', {}, nowhere)), [126, '', '']);
  });

  it('says what cannot be started, and takes no words that would be others', async () => {
    const ends = await pipes.take(2);
    const missing = spawnCommand(['/no/such'], { environment: {}, cwd: '/', pipes: ends ?? [] }, undefined, held());
    const [code, , said] = await endOf(missing);
    assert.equal(code, 127);
    assert.match(said, /could not be started \(No such file/);
    await assert.rejects(start('echo a\0b'), /NUL character/);
    await assert.rejects(start('true', { environment: { A: 'x\0LD_PRELOAD=/x' } }), /NUL character/);
  });

  it('ends what is told to end, as soon as it is there', async () => {
    const command = await start('sleep 1000 & sleep 1000');
    command.kill('SIGKILL', 'group');
    assert.deepEqual(await endOf(command), [137, '', '']);
    command.kill('SIGKILL', 'group');
  });

  it('keeps no file open, and no process that has ended', async () => {
    const files = (pid: number | 'self'): number => readdirSync(`/proc/${pid}/fd`).length;
    const own = pipes.starter.pid ?? 0;
    const look = (): number[] => [files(own), files('self')];
    const children = (): string => readFileSync(`/proc/${own}/task/${own}/children`, 'utf8');
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 6 }, async () => endOf(await start('true', { input: 'open' }))));
    }
    const [before] = look();
    for (let round = 0; round < 8; round += 1) await endOf(await start('true'));
    await waitFor('the same as before', () => (look()[0] === before && children() === '' ? true : undefined));
  });

  it('is begun anew when it was killed, and what it had started ends', async () => {
    const first = pipes.starter.pid ?? 0;
    const command = await start('sleep 1000 & echo up; sleep 1000');
    await new Promise((resolve) => command.stdout.once('data', resolve));
    process.kill(first, 'SIGKILL');
    assert.equal((await command.exited).code, 137);
    // All of its group has ended, or it would hold the output open.
    await command.closed;
    assert.deepEqual(await endOf(await start('echo again')), [0, 'again\n', '']);
    assert.notEqual(pipes.starter.pid, first);
  });

  it('starts what runs in devboxes, and ends with a platform that is killed', async function () {
    const platform = await startPlatform();
    const client = platform.client();
    const { id } = await client.devboxes.createAndAwaitRunning({});
    if (/plain processes/.test(platform.stderr())) skip(this, 'without namespaces the platform starts them itself');
    const mark = `sleep 1000.${process.pid}`;
    await client.devboxes.executeAsync(id, { command: mark });
    const wayIn = await waitFor('the way in', () => processesWith(mark).find(isWayIn));
    const parent = parentOf(wayIn);
    assert.notEqual(parent, platform.child.pid);
    assert.equal(parentOf(parent), platform.child.pid);
    assert.match(readlinkSync(`/proc/${parent}/exe`), /perl/);
    platform.child.kill('SIGKILL');
    await waitFor('its end', () => {
      try {
        return statSync(`/proc/${parent}/exe`).isFile() ? undefined : true;
      } catch {
        return true;
      }
    });
    await platform.stop();
  });

  it('gives the platform and itself short turns of the processor, and what it starts the usual ones', async function () {
    const own = turnOf(process.pid);
    if (own === undefined) skip(this, 'this kernel does not tell how long a turn is');
    const [, started] = await endOf(await start('cat /proc/self/sched'));
    assert.deepEqual([own, turnOf(pipes.starter.pid ?? 0)], [100_000, 100_000]);
    assert.ok((turnIn(started) ?? 0) > 100_000, started);
  });

  it('closes pipes that were not used', async () => {
    const ends = (await pipes.take(2)) ?? [];
    closePipes(ends);
    for (const { read } of ends) assert.throws(() => closeSync(read), /EBADF/);
  });
});

/** How long a turn of a process is, in nanoseconds; undefined where the kernel does not tell, or has no turns of different length. */
function turnOf(pid: number): number | undefined {
  try {
    return turnIn(readFileSync(`/proc/${pid}/sched`, 'latin1'));
  } catch {
    // A kernel without this file.
    return undefined;
  }
}

function turnIn(facts: string): number | undefined {
  const turn = /^se\.slice\s*:\s*(\d+)$/m.exec(facts)?.[1];
  return turn === undefined ? undefined : Number(turn);
}

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
}

function isWayIn(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith('/nsenter');
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
