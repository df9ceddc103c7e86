import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { limitsOf } from '../../../../../src/local/sandbox/limits/limits';
import { UsageWatch } from '../../../../../src/local/sandbox/limits/usageWatch';
import { waitFor } from '../../../../eventually';
import { startPlatform } from '../../../../platform/testPlatform';

describe('The watch over what devboxes use', () => {
  it('goes on with a devbox whose disk could not be counted once, and tells it once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'usage-watch-'));
    const disk = join(folder, 'disk');
    writeFileSync(disk, '');
    const told: string[] = [];
    const ends: string[] = [];
    const end = new AbortController();
    try {
      new UsageWatch((line) => told.push(line)).watch({
        scope: { kind: 'mark', mark: 'of nobody' },
        group: undefined,
        folder: join(disk, 'root'),
        limits: { ...limitsOf({}), disk: 1_000_000 },
        signal: end.signal,
        onExcess: (reason) => ends.push(reason),
      });
      await waitFor('the first word of it', () => (told.length > 0 ? true : undefined));
      rmSync(disk);
      mkdirSync(join(disk, 'root'), { recursive: true });
      writeFileSync(join(disk, 'root', 'file'), 'x'.repeat(2_000_000));
      await waitFor('the end of the devbox', () => (ends.length > 0 ? true : undefined));
      assert.deepEqual(ends, ['out_of_disk']);
      assert.equal(told.length, 1, told.join());
      assert.match(told[0] ?? '', /^The disk use of a devbox could not be counted, which is tried again: ENOTDIR/);
    } finally {
      end.abort();
      rmSync(folder, { recursive: true });
    }
  });

  it('ends a devbox that has mounted more than can be counted', async () => {
    const scope = { kind: 'mark', mark: 'with-too-many-mounts' } as const;
    const script = `cd "$1" && perl -e '
        my $name = "d" x 250;
        mkdir($name) && chdir($name) || exit(1) for 1 .. 4300;
        exec("mount", "-c", "-t", "tmpfs", "x", ".")' && echo mounted; read -r _`;
    const folder = mkdtempSync(join(tmpdir(), 'usage-watch-'));
    const holder = spawn('unshare', ['-Urm', 'bash', '-c', script, 'mounts', folder], {
      env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ends: string[] = [];
    const told: string[] = [];
    const end = new AbortController();
    try {
      await once(holder.stdout, 'data');
      new UsageWatch((line) => told.push(line)).watch({
        scope,
        group: undefined,
        folder,
        limits: limitsOf({}),
        signal: end.signal,
        onExcess: (reason, message) => ends.push(`${reason} ${message}`),
      });
      await waitFor('the end of the devbox', () => (ends.length > 0 ? true : undefined));
      assert.match(ends.join(), /^out_of_memory Out of memory for mounts: /);
      assert.deepEqual(told, []);
    } finally {
      end.abort();
      holder.stdin.end('\n');
      await once(holder, 'exit');
      execFileSync('rm', ['-r', folder]);
    }
  });

  it('goes on with memory after a time in which the platform could open nothing', async () => {
    const platform = await startPlatform(['--control-groups', 'off']);
    try {
      const client = platform.client();
      const { id } = await client.devboxes.createAndAwaitRunning({
        launch_parameters: { resource_size_request: 'X_SMALL' },
      });
      const hold = (limit: string): void => {
        assert.equal(spawnSync('prlimit', ['--pid', String(platform.pid), `--nofile=${limit}`]).status, 0);
      };
      hold('3:');
      await waitFor('a word of it', () => (/EMFILE/.test(platform.stderr()) ? true : undefined));
      hold('1024:');
      await client.devboxes.executeAsync(id, {
        command: `node -e 'const kept = []; for (let i = 0; i < 24; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 30000)'`,
      });
      const ended = await waitFor('its end', async () => {
        const seen = await client.devboxes.retrieve(id);
        return seen.status === 'failure' ? seen : undefined;
      });
      assert.equal(ended.failure_reason, 'out_of_memory');
    } finally {
      await platform.stop();
    }
  });
});
