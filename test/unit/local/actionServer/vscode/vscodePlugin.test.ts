import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../../src/ground/deadline';
import { freePort } from '../../../../platform/freePort';
import { ensureVscode, type VscodeInstall } from '../../../../vscode/install';
import { processesWith, RunningServer } from '../runningServer';

describe('the vscode plugin', () => {
  let vscode: VscodeInstall;
  let server: RunningServer;
  let port: number;

  before(async function () {
    // The first run on a machine downloads it.
    this.timeout(600_000);
    vscode = await ensureVscode(() => undefined, deadline(600_000));
    port = await freePort();
    server = await start(port);
  });
  after(() => RunningServer.stopAll());

  const start = (vscodePort: number): Promise<RunningServer> =>
    RunningServer.start({
      environment: {
        VSCODE_PORT: String(vscodePort),
        RUNLOOP_LOCAL_VSCODE_SERVER: vscode.serverRoot,
        RUNLOOP_LOCAL_VSCODE_NODE: vscode.node,
      },
      arguments: ['--working-dir', '/workspace', '--plugins', 'vscode'],
      plainMode: true,
    });

  const token = async (of: RunningServer): Promise<unknown> =>
    (await of.request('GET', '/vscode/connection_token')).json['token'];

  it('starts a VS Code server that wants the token', async () => {
    const given = await token(server);
    assert.match(String(given), /^[\da-f-]{36}$/);
    await server.logged(new RegExp(`openhands:INFO: .*listens on 127\\.0\\.0\\.1:${port}`));
    const origin = `http://127.0.0.1:${port}`;
    assert.equal((await fetch(`${origin}/?folder=/workspace`, { redirect: 'manual' })).status, 403);
    const accepted = await fetch(`${origin}/?tkn=${String(given)}`, { redirect: 'manual' });
    assert.equal(accepted.status, 302);
    assert.match(accepted.headers.get('set-cookie') ?? '', /vscode-tkn=/);
  });

  it('keeps the token and the key to itself', async () => {
    const given = String(await token(server));
    assert.ok(!server.stderr.includes(given));
    assert.deepEqual(processesWith(given), []);
    const [pid, ...others] = processesWith(`--port\0${port}\0`);
    assert.deepEqual(others, []);
    assert.doesNotMatch(readFileSync(`/proc/${pid!}/environ`, 'utf8'), /SESSION_API_KEY|RUNLOOP_LOCAL_/);
  });

  it('writes settings only where there are none', async () => {
    const path = join(server.workspace, '.vscode/settings.json');
    assert.equal(typeof JSON.parse(await readFile(path, 'utf8')), 'object');
    assert.ok((await stat(path)).isFile());
  });

  it('hands out no token when the port is taken, and the action server works all the same', async () => {
    const second = await start(port);
    assert.equal(await token(second), null);
    await second.logged(/openhands:ERROR: .*VS Code: /);
    assert.equal((await second.run('echo fine')).content, 'fine');
    await second.stop();
  });

  it('takes the token back when the server ends', async () => {
    for (const pid of processesWith(`--port\0${port}\0`)) process.kill(Number(pid), 'SIGKILL');
    const limit = Date.now() + 10_000;
    while ((await token(server)) !== null) assert.ok(Date.now() < limit, 'the token is still given');
    await server.logged(/openhands:WARNING: .*VS Code: the server has ended/);
  });
});
