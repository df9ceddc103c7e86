import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import { Bound } from '../../../../../src/local/devbox/run/bound';
import type { SandboxProcess } from '../../../../../src/local/sandbox/sandbox';
import { spawnCommand } from '../../../../../src/local/sandbox/spawnCommand';
import { waitFor } from '../../../../eventually';

describe('what the platform starts in a devbox for its files', () => {
  const start = (script: string): SandboxProcess & { readonly pid: number | undefined } =>
    spawnCommand(['/bin/bash', '-c', script], {
      environment: { PATH: process.env['PATH'] ?? '' },
      cwd: '/',
      input: 'open',
    });
  /** Whether what was started has ended, and what it has left behind holds up nobody. */
  const isOver = async (command: SandboxProcess): Promise<void> => {
    assert.notEqual((await command.exited).code, 0);
    await command.closed;
  };

  it('ends when its time is over, with all that it has started, and says so', async () => {
    const command = start('sleep 1000 & echo up; exec sleep 1000');
    await once(command.stdout, 'data');
    const bound = new Bound(command, undefined, 50);
    await assert.rejects(bound.within(command.exited), /did not answer within 0\.05 seconds/);
    await isOver(command);
    // What nobody waited for is taken away by the computer's first process.
    await waitFor('the end of all', () => {
      try {
        process.kill(-(command.pid ?? 0), 0);
        return undefined;
      } catch {
        return true;
      }
    });
    bound.dispose();
  });

  it('ends with whom it is for, before it was started as well', async () => {
    const client = new AbortController();
    const first = start('exec sleep 1000');
    const bound = new Bound(first, client.signal);
    client.abort();
    await assert.rejects(bound.within(first.exited), /Whom this was done for has gone/);
    await isOver(first);
    const late = start('exec sleep 1000');
    const gone = new Bound(late, client.signal);
    await assert.rejects(gone.within(late.exited), /has gone/);
    await isOver(late);
  });

  it('has its time anew with each start of it, and as much as it likes where its client takes its time', async () => {
    const command = start('read -r _; exit 3');
    const bound = new Bound(command, undefined, 300);
    for (let turn = 0; turn < 4; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      bound.restart();
    }
    bound.endsWithClientOnly();
    await new Promise((resolve) => setTimeout(resolve, 400));
    command.stdin?.end('x\n');
    assert.equal((await bound.within(command.exited)).code, 3);
    bound.dispose();
  });
});
