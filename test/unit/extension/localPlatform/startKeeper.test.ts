import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { joinWindow, processStart, readRunning } from '../../../../src/extension/localPlatform/keeperState';
import { startKeeper, type KeeperStart } from '../../../../src/extension/localPlatform/startKeeper';
import { eventually } from '../../../eventually';

describe('The keeper of the local platform', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-keeper-'));
  });

  afterEach(async () => {
    mock.timers.reset();
    const running = await readRunning(folder);
    if (running !== undefined) {
      process.kill(running.pid, 'SIGTERM');
      await eventually(
        async () => (await processStart(running.pid)) === running.started,
        (lives) => !lives,
      );
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (signal: AbortSignal, limitMs: number, ...platform: string[]): Promise<KeeperStart> => {
    const args = [
      join('dist', 'localKeeper.mjs'),
      join('dist', 'local.mjs'),
      folder,
      'name-of-the-key',
      '--data-dir',
      join(folder, 'data'),
      ...platform,
    ];
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, RUNLOOP_LOCAL_API_KEY: 'ak_local_keeper_test' };
    return startKeeper(process.execPath, args, { cwd: process.cwd(), env, signal, limitMs });
  };

  it('goes on when the time for its start is over, and when what started it is cancelled later', async () => {
    const later = new AbortController();
    // Nobody's platform ends by itself soon.
    await joinWindow(folder, process.pid);
    const limitMs = 12_000;
    // However long it takes: its time is over when the test says so.
    mock.timers.enable({ apis: ['setTimeout'] });
    const started = await start(later.signal, limitMs);
    mock.timers.tick(limitMs);
    mock.timers.reset();
    assert.deepEqual(started, { kind: 'ready' });
    const running = await readRunning(folder);
    assert.equal(running?.keyName, 'name-of-the-key');
    later.abort();
    await sleep(1_000);
    assert.deepEqual(await readRunning(folder), running);
    const answer = await fetch(`${running.baseUrl}/v1/devboxes`, {
      headers: { authorization: 'Bearer ak_local_keeper_test' },
    });
    assert.equal(answer.status, 200);
  });

  it('ends when it is cancelled or late on the way, and tells why the platform did not start', async () => {
    assert.deepEqual(await start(AbortSignal.abort(), 10_000), { kind: 'cancelled' });
    assert.deepEqual(await start(new AbortController().signal, 1), { kind: 'late' });
    const wrong = await start(new AbortController().signal, 20_000, '--no-such-option');
    assert.equal(wrong.kind, 'failed');
    assert.match(wrong.why, /no-such-option/);
    assert.equal(await readRunning(folder), undefined);
  });
});
