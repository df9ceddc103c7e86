import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../eventually';
import { processesWith } from '../../platform/devboxProcesses';
import { clientFor, runToEnd, startPlatform } from '../../platform/testPlatform';
import { localPlatformBundle } from '../../vscode/projectPaths';

describe('local platform as a process', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-local-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const sandbox of ['auto', 'plain']) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
      it(`leaves no process behind after ${signal} (${sandbox})`, async () => {
        const platform = await startPlatform(['--sandbox', sandbox]);
        const mark = `end-mark-${sandbox}-${signal}-${process.pid}`;
        const client = platform.client();
        await client.devboxes.createAndAwaitRunning({
          launch_parameters: {
            launch_commands: [`setsid bash -c 'trap "" TERM HUP INT; exec -a ${mark}-a sleep 1000' > /dev/null 2>&1 &`],
          },
          entrypoint: `bash -c 'exec -a ${mark}-b sleep 1000'; sleep 1000`,
        });
        await waitFor('the devbox’s processes', () => (processesWith(mark).length >= 2 ? true : undefined));
        const id = readdirSync(join(platform.dataDir, 'devboxes'))[0] ?? '';
        const code = await platform.stop(signal);
        assert.equal(code, signal === 'SIGKILL' ? null : 0);
        await waitFor('the end of all processes', () =>
          processesWith(mark).length === 0 && processesWith(id).length === 0 ? true : undefined,
        );
      });
    }
  }

  it('fails a devbox whose processes were killed from outside', async () => {
    const platform = await startPlatform();
    const client = platform.client();
    const { id } = await client.devboxes.createAndAwaitRunning({ entrypoint: 'exec sleep 1000' });
    for (const pid of processesWith(id)) {
      process.kill(pid, 'SIGKILL');
    }
    const ended = await waitFor('its end', async () => {
      const devbox = await client.devboxes.retrieve(id);
      return ['failure', 'shutdown'].includes(devbox.status) ? devbox : undefined;
    });
    assert.ok(ended.failure_reason === 'health_check_failed' || ended.shutdown_reason === 'entrypoint_exit');
    await platform.stop();
  });

  it('clears away what a killed platform left in the data folder, which only one platform uses at a time', async () => {
    const left = join(folder, 'left');
    const first = await startPlatform([], { dataDir: left, keepData: true });
    await first.client().devboxes.createAndAwaitRunning({});
    assert.equal(readdirSync(join(left, 'devboxes')).length, 1);
    const second = await runToEnd(['--data-dir', left]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /is in use by another local platform \(process \d+\)/);
    assert.equal(readdirSync(join(left, 'devboxes')).length, 1, 'a running platform keeps its devbox');
    await first.stop('SIGKILL');
    const third = await startPlatform([], { dataDir: left, keepData: true });
    assert.deepEqual(readdirSync(join(left, 'devboxes')), []);
    await third.stop();
  });

  it('ends when its input closes, if asked to', async () => {
    const platform = await startPlatform();
    platform.child.stdin?.end();
    assert.equal(await platform.stop('SIGCONT'), 0);
  });

  it('takes the key from the environment before the command line', async () => {
    const platform = await startPlatform(['--api-key', 'ak_line'], {
      environment: { RUNLOOP_LOCAL_API_KEY: 'ak_environment' },
    });
    assert.equal(platform.apiKey, 'ak_environment');
    await platform.stop();
  });

  it('answers --help and refuses a command line it does not understand', async () => {
    const help = await runToEnd(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--sandbox auto\|plain/);
    for (const args of [['--nonsense'], ['--port', 'abc'], ['--port', '70000'], ['--sandbox', 'glass'], ['word']]) {
      const { code, stdout, stderr } = await runToEnd(args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, /usage:/);
    }
  });

  it('says in one sentence why it cannot start', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const cases: [string[], RegExp][] = [
      [
        ['--port', String(port), '--data-dir', join(folder, 'a')],
        /^Port \d+ on 127\.0\.0\.1 cannot be used: another program uses it\. .*\n$/,
      ],
      [['--data-dir', join(file, 'below')], /^The data folder .*ENOTDIR.*\n$/],
      [['--data-dir', folder, '--vscode-server', folder], /^The folder .* is not a VS Code server.*\n$/],
      [['--data-dir', folder, '--action-server', join(folder, 'none')], /^The action server .* does not exist\.\n$/],
    ];
    for (const [args, wanted] of cases) {
      const { code, stdout, stderr } = await runToEnd(args);
      assert.deepEqual([code, stdout], [1, ''], stderr);
      assert.match(stderr, wanted);
    }
    server.close();
  });

  it('works for an ordinary user', async function () {
    if (process.getuid?.() !== 0) {
      // Then all the other tests have shown it.
      return;
    }
    this.timeout(120_000);
    const own = join(folder, 'own');
    chmodSync(folder, 0o777);
    // The user "nobody" may not read this checkout, so it gets the program from standard input.
    const child = spawn(
      'setpriv',
      [
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        'bash',
        '-c',
        'mkdir -p "$1" && tar -xf - -C "$1" && exec node "$1/local.mjs" --data-dir "$1/data"',
        'bash',
        own,
      ],
      {
        env: { PATH: process.env['PATH'], HOME: own },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const files = spawn('tar', ['-cf', '-', '-C', dirname(localPlatformBundle), '--exclude=*.map', '.'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    files.stdout.pipe(child.stdin);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.once('exit', () => reject(new Error(stderr)));
    });
    const { baseURL, apiKey } = JSON.parse(line) as { baseURL: string; apiKey: string };
    const client = clientFor(baseURL, apiKey);
    const devbox = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { launch_commands: ['id -u > /workspace/id'] },
    });
    assert.equal(devbox.status, 'running');
    if (!stderr.includes('plain processes')) {
      assert.equal(await client.devboxes.readFileContents(devbox.id, { file_path: '/workspace/id' }), '0\n');
      // What it finds of the computer, as where the platform runs as root.
      const { stdout } = await client.devboxes.executeAndAwaitCompletion(devbox.id, {
        command:
          'hostname; getent ahostsv4 "$(hostname)" | head -1; cat /etc/machine-id /proc/sys/kernel/random/boot_id; cat /proc/mounts; ls /etc/shadow- /etc/ssl/private /sys/firmware /sys/class; cut -d: -f1,3 /etc/passwd',
      });
      assert.match(stdout ?? '', /^devbox-[a-z0-9]{12}\n127\.0\.1\.1 [^\n]+\n[0-9a-f]{32}\n[0-9a-f-]{36}\n/);
      for (const file of ['/etc/machine-id', '/proc/sys/kernel/random/boot_id']) {
        if (existsSync(file)) assert.ok(!stdout?.includes(readFileSync(file, 'utf8')), file);
      }
      assert.ok(!stdout?.includes(`${own}/data/devboxes`) && !stdout?.includes('ssl-cert'), stdout ?? '');
      const people = [...(stdout ?? '').matchAll(/^[a-z_][^:\s]*:(\d{4,5})$/gm)].filter(([, uid]) => uid !== '65534');
      assert.deepEqual(people, []);
    }
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    assert.equal(await ended, 0);
    assert.ok(existsSync(own));
  });
});
