import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ActionExecutor } from '../../../../../src/local/actionServer/actionExecutor';
import { ActionFields } from '../../../../../src/local/actionServer/actionRequest';
import { serverUser } from '../../../../../src/local/actionServer/actingUser';
import { findTerminalProgram } from '../../../../../src/local/actionServer/bash/terminalProgram';
import { createLogger } from '../../../../../src/local/actionServer/logging';
import type { Observation } from '../../../../../src/local/actionServer/observations';
import { DevboxPaths } from '../../../../../src/local/actionServer/paths';
import { systemCalls } from '../../../../../src/local/host/systemCalls';
import { skip } from '../../../../run/skip';

/** Mounts a file system of which this program is the server, and answers nothing that is asked of it. */
const silentServer = String.raw`
my ($mount, $folder, $type) = (@ARGV, 'fuse');
sysopen(my $device, '/dev/fuse', 2) or die "$!";
fcntl($device, 2, 0);
my $options = 'fd=' . fileno($device) . ',rootmode=40000,user_id=0,group_id=0';
syscall($mount + 0, $type, $folder, $type, 0, $options) == 0 or die "$!";
syswrite(STDOUT, "mounted\n");
<STDIN>;
`;

describe('action server, a file system that never answers', () => {
  let folder: string;
  let silent: string;
  let server: ChildProcess | undefined;
  let executor: ActionExecutor;
  const closing = new AbortController();

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'silent-'));
    silent = join(folder, 'silent');
    await mkdir(silent);
    server = spawn('perl', ['-e', silentServer, String(systemCalls?.mount), silent], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const mounted = await Promise.race([once(server.stdout ?? server, 'data'), once(server, 'exit')]);
    if (!String(mounted[0]).startsWith('mounted')) {
      skip(this, 'this computer lets nobody mount a file system of his own');
    }
    const log = createLogger({ json: false, jsonLevelKey: 'level', level: 'ERROR' });
    const environment = { PATH: process.env['PATH'] ?? '', HOME: folder };
    const program = await findTerminalProgram(environment.PATH);
    const shell = { workingDir: folder, tempDir: folder, environment, program, user: serverUser, log };
    executor = await ActionExecutor.start({
      paths: new DevboxPaths(undefined),
      shell: { ...shell, signal: closing.signal },
      silenceMs: 2_000,
      jupyter: false,
      agentSkills: false,
      browser: undefined,
      log,
      fileSeconds: 0.2,
    });
  });
  after(async () => {
    closing.abort();
    // With its server the file system ends, and whoever waits for it gets an error.
    if (server?.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
      await once(spawn('umount', ['-l', silent], { stdio: 'ignore' }), 'exit');
    }
    await (executor as ActionExecutor | undefined)?.dispose();
    await rm(folder, { recursive: true });
  });

  const execute = (action: string, fields: Record<string, unknown>): Promise<Observation> =>
    executor.execute({ action, args: new ActionFields(action, fields), timeoutSeconds: undefined });

  it('is given up, and holds up nothing behind it', async () => {
    const path = join(silent, 'file');
    await assert.rejects(execute('read', { path }), /given up after 0\.2 seconds/);
    await assert.rejects(execute('write', { path, content: 'x' }), /given up after 0\.2 seconds/);
    await assert.rejects(execute('edit', { command: 'view', path }), /given up after 0\.2 seconds/);
    const other = join(folder, 'other');
    await writeFile(other, 'still read\n');
    assert.match(JSON.stringify(await execute('read', { path: other })), /still read/);
    assert.match(JSON.stringify(await execute('run', { command: 'echo next' })), /next/);
  });
});
