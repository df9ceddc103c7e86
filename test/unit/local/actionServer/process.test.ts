import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { plain, processesWith, RunningServer } from './runningServer';
import { processesEnd } from '../../../platform/devboxProcesses';

const record = /^\d\d:\d\d:\d\d - [\w.]+:(DEBUG|INFO|WARNING|ERROR|CRITICAL): \S+?:\d+ - (.*)$/;

async function ends(options: Parameters<typeof RunningServer.start>[0]): Promise<{ code: number | null; log: string }> {
  const server = await RunningServer.start({ ...options, wait: false });
  const { code } = await server.ended();
  await server.stop();
  return { code, log: plain(server.stderr) };
}

describe('the process of the action server', () => {
  afterEach(() => RunningServer.stopAll());

  it('tells bad usage by its exit code', async () => {
    const cases: [readonly string[], number, RegExp][] = [
      [['extra'], 2, /usage/],
      [['--nonsense'], 2, /nonsense/],
      [['--plugins'], 2, /--plugins/],
      [['--user-id', 'x'], 2, /--user-id/],
      [['--plugins', 'jupyter', 'nonsense'], 1, /"nonsense" is not known/],
      [['--working-dir', 'relative'], 3, /must be an absolute path/],
      [['--browsergym-eval-env', 'x', '--no-enable-browser'], 3, /browser/],
      [['--working-dir', '/proc/nonsense'], 3, /could not get ready/],
    ];
    for (const [words, code, log] of cases) {
      const end = await ends({ arguments: words });
      assert.equal(end.code, code, words.join(' '));
      assert.match(end.log, log);
    }
    const bind = await ends({ environment: { RUNLOOP_LOCAL_BIND: '0.0.0.0' } });
    assert.equal(bind.code, 2);
  });

  it('ends when its port is taken', async () => {
    const first = await RunningServer.start();
    const second = await ends({ port: first.port });
    assert.equal(second.code, 1);
    assert.match(second.log, /cannot be opened: it is in use/);
    await first.stop();
  });

  it('gives each devbox the same ports on an address of its own', async () => {
    const first = await RunningServer.start();
    const second = await RunningServer.start({
      port: first.port,
      wait: false,
      environment: { RUNLOOP_LOCAL_BIND: '127.0.0.77' },
    });
    await second.logged(/initialized./);
    const response = await fetch(`http://127.0.0.77:${first.port}/alive`);
    assert.deepEqual(await response.json(), { status: 'ok' });
    await Promise.all([first.stop(), second.stop()]);
  });

  it('logs its start, in order and in the form that viewers parse', async () => {
    const server = await RunningServer.start({
      environment: { RUNTIME_MAX_MEMORY_GB: '4' },
      arguments: ['--plugins', 'agent_skills', 'jupyter', 'vscode', '--username', 'openhands', '--user-id', '1000'],
    });
    await server.logged(/MCP/);
    const log = server.stderr;
    assert.ok(log.startsWith('\u001b[92m'), 'colour as the viewers know it');
    const order = [
      ...['WARNING: .*Starting', 'INFO: .*File viewer', 'INFO: .*Initialising', 'INFO: .*Memory limit: 4'],
      ...['INFO: .*2 initial commands', 'INFO: .*Browser', 'INFO: .*agent_skills', 'INFO: .*jupyter'],
      ...[
        'INFO: .*vscode: starting',
        'WARNING: .*VSCODE_PORT',
        'INFO: .*ActionExecutor initialized\\.$',
        'INFO: .*MCP',
      ],
    ];
    const lines = plain(log).trim().split('\n');
    for (const line of lines) assert.match(line, record);
    let at = -1;
    for (const step of order) {
      const found = lines.findIndex((line, index) => index > at && new RegExp(step).test(line));
      assert.ok(found > at, `${step} in order`);
      at = found;
    }
    assert.equal(server.stdout, '');
    await server.request('GET', '/nonsense');
    await server.logged(/openhands:ERROR: .*404/);
    await server.stop();
  });

  it('logs JSON on stdout when asked to', async () => {
    const server = await RunningServer.start({ environment: { LOG_JSON: '1', LOG_JSON_LEVEL_KEY: 'severity' } });
    await server.request('GET', '/alive');
    await server.action('read', { path: 5 });
    await server.action('think', {});
    while (!server.stdout.includes('HTTP/1.1\\" 500') || !server.stdout.endsWith('\n')) await delay(10);
    const lines = server.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    const first = lines[0]!;
    assert.deepEqual(Object.keys(first), ['message', 'severity', 'timestamp']);
    assert.equal(first['severity'], 'WARNING');
    const access = lines.find((line) => line['message']?.includes('"GET /alive HTTP/1.1" 200'));
    assert.equal(access?.['levelname'], 'INFO');
    assert.equal(server.stderr, '');
    await server.stop();
  });

  it('leaves nothing behind after SIGTERM', async () => {
    const server = await RunningServer.start();
    const mark = `31${server.port}`;
    const running = server.run(`nohup sleep ${mark} & (trap "" HUP; sleep ${mark}) & sleep ${mark}`, {
      blocking: true,
    });
    running.catch(() => undefined);
    while (processesWith(mark).length < 3) await delay(20);
    server.child.kill('SIGTERM');
    assert.deepEqual(await server.ended(), { code: null, signal: 'SIGTERM' });
    await processesEnd(mark);
    assert.deepEqual(readdirSync(server.folder), ['workspace']);
    await server.stop();
  });

  it('answers "not initialized" while it starts, and can be stopped then', async () => {
    const home = await RunningServer.start();
    const folder = join(home.folder, 'home');
    await mkdir(folder);
    await writeFile(join(folder, '.bashrc'), 'sleep 2; export FROM_BASHRC=1');
    const slow = await RunningServer.start({ wait: false, environment: { HOME: folder } });
    await slow.logged(/Initialising/);
    assert.deepEqual((await slow.request('GET', '/alive')).json, { status: 'not initialized' });
    assert.equal((await slow.action('run', { command: 'true' })).status, 503);
    await slow.ready();
    assert.equal((await slow.run('echo $FROM_BASHRC')).content, '1');
    await slow.stop();
    // Longer than anybody waits below: what is still there then was left behind.
    await writeFile(join(folder, '.bashrc'), 'sleep 60');
    const stopped = await RunningServer.start({ wait: false, environment: { HOME: folder } });
    while (!readdirSync(stopped.folder).some((name) => name.startsWith('action-server-shell-'))) await delay(20);
    stopped.child.kill('SIGTERM');
    assert.deepEqual(await stopped.ended(), { code: null, signal: 'SIGTERM' });
    assert.deepEqual(readdirSync(stopped.folder), ['workspace']);
    await processesEnd(stopped.folder);
    await stopped.stop();
    await home.stop();
  });

  it('keeps the paths of the contract below a folder in plain mode', async () => {
    const outer = await RunningServer.start();
    const root = join(outer.folder, 'root');
    await mkdir(root);
    const server = await RunningServer.start({
      environment: { RUNLOOP_LOCAL_ROOT: root },
      arguments: ['--working-dir', '/workspace'],
    });
    const run = await server.run('pwd');
    assert.deepEqual([run.content, run.workingDir], [join(root, 'workspace'), '/workspace']);
    const written = await server.action('write', { path: '/workspace/a/f.txt', content: 'x' });
    assert.deepEqual(written.json['extras'], { path: '/workspace/a/f.txt' });
    assert.equal(await readFile(join(root, 'workspace/a/f.txt'), 'utf8'), 'x\n');
    const read = await server.action('read', { path: 'a/f.txt' });
    assert.deepEqual(
      [read.json['content'], read.json['extras']],
      ['x\n', { path: '/workspace/a/f.txt', impl_source: 'default' }],
    );
    const missing = await server.action('read', { path: 'no' });
    assert.equal(
      missing.json['content'],
      'File not found: /workspace/no. Your current working directory is /workspace.',
    );
    assert.equal((await server.request('POST', '/list_files', { path: '/workspace' })).text, '["a/"]');
    await server.action('edit', { path: '/home/user/e', command: 'create', file_text: 'x' });
    assert.equal((await server.run('echo $TMPDIR')).content, join(root, 'tmp'));
    assert.ok(!existsSync('/home/user/e'));
    await server.stop();
    await outer.stop();
  });
});
