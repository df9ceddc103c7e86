import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { findPlainVscode, startPlainVscode } from '../../../../src/core/vscode/plainVscode';
import { parseDevbox, type Devbox } from '../../../../src/core/platform/devbox';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { requestText } from '../../../../src/core/http/httpRequest';
import { waitUntilRunning } from '../../../../src/core/start/waitForDevbox';
import { VscodeAddress } from '../../../../src/core/vscode/vscodeAddress';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

const options = { tunnelAuthMode: 'authenticated', tunnelUrlTemplate: undefined } as const;

/** A program with the options of a VS Code server, as small as can be. */
const program = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const value = (name) => process.argv[process.argv.indexOf(name) + 1];
const token = readFileSync(value('--connection-token-file'), 'utf8').trim();
createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  response.statusCode = url.pathname === '/version' || url.searchParams.get('tkn') === token ? 200 : 403;
  response.end(url.pathname);
}).listen(Number(value('--port')), value('--host'));
`;

describe('the VS Code of a plain devbox', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let api: RunloopApi;
  let devbox: Devbox;
  let folder: string;
  const served: string[] = [];
  const files = createServer((request, response) => {
    served.push(request.url ?? '');
    if (request.url?.endsWith('.tar.gz') !== true) response.writeHead(404).end();
    else createReadStream(join(folder, 'archive.tar.gz')).pipe(response);
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runloop-plain-'));
    const root = join(folder, 'code-server-1');
    await mkdir(join(root, 'lib', 'vscode', 'out'), { recursive: true });
    await writeFile(join(root, 'lib', 'vscode', 'out', 'server-main.js'), program);
    await writeFile(join(root, 'lib', 'vscode', 'package.json'), '{"type":"module"}');
    await writeFile(join(root, 'lib', 'node'), `#!/bin/sh\nexec node "$@"\n`);
    await chmod(join(root, 'lib', 'node'), 0o755);
    execFileSync('tar', ['-czf', join(folder, 'archive.tar.gz'), '-C', folder, 'code-server-1']);
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    platform = await startPlatform([]);
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const choices = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;
    devbox = await startPlainDevbox(api, 'plain', choices, { signal: deadline(30_000) });
  });
  after(async () => {
    await platform.stop();
    await new Promise((resolve) => files.close(resolve));
    await rm(folder, { recursive: true });
  });

  function address(path: string): string {
    return `http://127.0.0.1:${(files.address() as AddressInfo).port}/${path}`;
  }

  it('is neither found nor installed unasked', async () => {
    assert.equal(await findPlainVscode(api, devbox, options), undefined);
    assert.equal(await startPlainVscode(api, devbox, options), undefined);
    assert.deepEqual(served, []);
    assert.equal((await api.devboxes.retrieve(devbox.id)).tunnel, undefined);
  });

  it('tells what could not be downloaded', async () => {
    await assert.rejects(
      startPlainVscode(api, devbox, { ...options, installFrom: address('none') }),
      (error) => RuntimeError.is(error, 'action_server') && error.message.includes('could not be downloaded'),
    );
    for (const installFrom of ['http://example.test/x.tar.gz', 'file:///etc/passwd', 'not an address']) {
      await assert.rejects(startPlainVscode(api, devbox, { ...options, installFrom }), (error) =>
        RuntimeError.is(error, 'invalid_option'),
      );
    }
  });

  it('is installed on request, with its phases, and asks for its token', async () => {
    const phases = new Set<string>();
    const endpoint = await startPlainVscode(api, devbox, {
      ...options,
      installFrom: address('code-server-{arch}.tar.gz'),
      onPhase: (phase) => phases.add(phase),
    });
    assert.ok(endpoint !== undefined);
    assert.match(served.at(-1) ?? '', /^\/code-server-(?:amd64|arm64)\.tar\.gz$/);
    assert.deepEqual(
      [...phases].filter((phase) => phase === 'looking' || phase === 'starting'),
      ['looking', 'starting'],
    );
    assert.equal(endpoint.folder, '/home/user');
    const addresses = new VscodeAddress();
    try {
      const url = new URL(await addresses.of(endpoint));
      assert.equal((await requestText(url, { timeoutMs: 5_000 })).status, 200);
      url.searchParams.set('tkn', 'another');
      assert.equal((await requestText(url, { timeoutMs: 5_000 })).status, 403);
    } finally {
      addresses.dispose();
    }
    // Only the devbox's user reads what is secret; what is made in the VS Code is as usual.
    const { stdout } = await runCommand(
      api,
      devbox.id,
      `cd .runloop-devboxes && stat -c %a vscode-token vscode-log && read -r p _ < vscode-process && grep Umask "/proc/$p/status"`,
    );
    assert.match(stdout, /^600\n600\nUmask:\s+0022$/m);
    // The token is in no log of the devbox.
    assert.ok((await api.logs.newest(devbox.id)).every(({ text }) => !text.includes(endpoint.token)));
  });

  it('is found again by another window, and not started twice', async () => {
    const now = await api.devboxes.retrieve(devbox.id);
    const found = await findPlainVscode(api, now, options);
    assert.deepEqual(await startPlainVscode(api, now, options), found);
    assert.ok(found !== undefined);
  });

  it('asks for the same token when it is started anew, and in a devbox made from a snapshot for another', async () => {
    const now = await api.devboxes.retrieve(devbox.id);
    const before = await findPlainVscode(api, now, options);
    // As a suspend does.
    const kill =
      'read -r p _ < .runloop-devboxes/vscode-process && kill -9 "$p"; while kill -0 "$p" 2>/dev/null; do sleep 0.1; done';
    await runCommand(api, devbox.id, kill);
    assert.equal(await findPlainVscode(api, now, options), undefined);
    const again = await startPlainVscode(api, now, options);
    assert.ok(before !== undefined && again !== undefined);
    assert.equal(again.token, before.token);
    // What a copy of its disk finds, or somebody has spoilt.
    for (const spoil of ['printf dbx_other > vscode-token-of', 'echo short > vscode-token', 'rm vscode-token-of']) {
      await runCommand(api, devbox.id, `${kill}; cd .runloop-devboxes && ${spoil}`);
      const other = await startPlainVscode(api, now, options);
      assert.match(other?.token ?? '', /^[0-9a-f]{48}$/);
      assert.notEqual(other?.token, again.token);
    }
  });

  it('is not served without a token, where none can be written, and says why', async () => {
    const { id } = await startPlainDevbox(
      api,
      'no token',
      { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } },
      { signal: deadline(30_000) },
    );
    const other = await api.devboxes.retrieve(id);
    // As on a full disk: there is the file, and nothing in it.
    await runCommand(
      api,
      id,
      'mkdir -p ~/.runloop-devboxes/code-server/lib/vscode/out ~/.local/bin; cd ~/.runloop-devboxes/code-server/lib; ' +
        'echo > vscode/out/server-main.js; printf "#!/bin/sh\\ntouch ~/served\\n" > node; chmod +x node; ' +
        'mkdir ~/.runloop-devboxes/vscode-token',
    );
    await assert.rejects(
      startPlainVscode(api, other, options),
      (error) => RuntimeError.is(error, 'action_server') && error.message.includes('No token could be written'),
    );
    assert.notEqual((await runCommand(api, id, 'ls ~/served')).exitStatus, 0);
    assert.equal((await api.devboxes.retrieve(id)).tunnel, undefined);
  });

  it('opens the home of whoever the user of the devbox is, also when it is found running', async () => {
    const launch = { launch_parameters: { user_parameters: { username: 'root', uid: 0 } } };
    const { id, ...made } = parseDevbox(await platform.client().devboxes.create({ name: 'of-root', ...launch }));
    const ofRoot = await waitUntilRunning(
      api,
      { id, ...made },
      { signal: deadline(30_000), onStatus: () => undefined },
    );
    const { stdout } = await runCommand(api, id, 'printf %s "$HOME"');
    assert.match(stdout, /\/root$/);
    const endpoint = await startPlainVscode(api, ofRoot, {
      ...options,
      installFrom: address('code-server-{arch}.tar.gz'),
    });
    assert.equal(endpoint?.folder, stdout);
    const now = await api.devboxes.retrieve(id);
    assert.equal((await findPlainVscode(api, now, options))?.folder, stdout);
    // What a devbox says is no path: the usual home.
    await runCommand(api, id, 'printf "not\\na path" > "$HOME/.runloop-devboxes/vscode-home"');
    assert.equal((await findPlainVscode(api, now, options))?.folder, '/home/user');
    await api.devboxes.shutdown(id);
  });
});
