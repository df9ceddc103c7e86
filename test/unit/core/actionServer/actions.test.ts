import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { ActionExecutionClient } from '../../../../src/core/actionServer/actionExecutionClient';
import { EventStream, type StreamEvent } from '../../../../src/core/actionServer/eventStream';
import { RuntimeError } from '../../../../src/core/errors';
import { observationIs, parseObservation } from '../../../../src/core/actionServer/observation';
import { looksSecret } from '../../../../src/core/actionServer/transfer/secretFiles';
import { uploadWorkspace } from '../../../../src/core/actionServer/transfer/uploadWorkspace';
import { waitFor } from '../../../eventually';
import { RunningServer, sessionKey } from '../../local/actionServer/runningServer';

describe('the client against the action server', function () {
  this.timeout(30_000);
  let server: RunningServer;
  let client: ActionExecutionClient;
  let folder: string;
  const connect = (events?: EventStream): ActionExecutionClient =>
    new ActionExecutionClient(
      { url: `http://127.0.0.1:${server.port}`, sessionKey, tunnelToken: undefined, devboxId: 'dbx_test' },
      { events },
    );

  before(async () => {
    server = await RunningServer.start();
    client = connect();
    folder = await mkdtemp(join(tmpdir(), 'runloop-transfer-'));
  });

  after(async () => {
    client.dispose();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('types the observations of every action', async () => {
    const run = await client.runAction({ action: 'run', args: { command: 'false' } });
    assert.ok(observationIs(run, 'run'));
    assert.deepEqual([run.exitCode, run.command, run.pid], [1, 'false', -1]);
    const file = join(server.workspace, 'a.txt');
    const written = await client.runAction({ action: 'write', args: { path: file, content: 'one\ntwo' } });
    assert.ok(observationIs(written, 'write'));
    assert.equal(written.path, file);
    const read = await client.runAction({ action: 'read', args: { path: file, start: 0, end: 1 } });
    assert.ok(observationIs(read, 'read'));
    assert.equal(read.content, 'one\n');
    const viewed = await client.runAction({ action: 'read', args: { path: file, impl_source: 'oh_aci' } });
    assert.match(viewed.content, /1\tone/);
    const edited = await client.runAction({
      action: 'edit',
      args: { path: file, command: 'str_replace', old_str: 'one', new_str: 'ONE' },
    });
    assert.ok(observationIs(edited, 'edit'));
    assert.deepEqual([edited.failed, edited.diff.includes('+ONE')], [false, true]);
    const wrong = await client.runAction({ action: 'edit', args: { path: file, command: 'create', file_text: 'x' } });
    assert.ok(observationIs(wrong, 'edit') && wrong.failed);
    for (const action of [
      { action: 'browse', args: { url: 'http://x' } },
      { action: 'browse_interactive', args: { browser_actions: 'noop()' } },
    ] as const) {
      const browsed = await client.runAction(action);
      assert.ok(observationIs(browsed, 'error'));
      assert.equal(browsed.errorId, '');
    }
    await assert.rejects(client.runAction({ action: 'run_ipython', args: { code: '1' } }), (error) =>
      RuntimeError.is(error, 'action_server'),
    );
  });

  it('keeps a hidden action that fails, and fields it does not know (D27)', async () => {
    const observation = await client.runAction({ action: 'run', args: { command: 'echo a\necho b', hidden: true } });
    assert.equal(observation.type, 'error');
    assert.match(observation.content, /multiple commands/);
    const newer = parseObservation({
      observation: 'from_tomorrow',
      content: 'c',
      extras: { new_field: [1] },
      cause: null,
    });
    assert.deepEqual([newer.type, newer.content, newer.extras], ['from_tomorrow', 'c', { new_field: [1] }]);
    const error = parseObservation({ observation: 'error', content: 'e', extras: { error_id: 'X', hidden: true } });
    assert.ok(observationIs(error, 'error'));
    assert.deepEqual([error.errorId, error.extras['hidden']], ['X', true]);
  });

  it('answers itself what must never be sent', async () => {
    const types = async (action: { action: string; args: Record<string, unknown> }): Promise<string> =>
      (await client.runAction(action)).type;
    assert.equal(await types({ action: 'think', args: { thought: 't' } }), 'think');
    assert.equal(await types({ action: 'finish', args: {} }), 'null');
    assert.equal(await types({ action: 'task_tracking', args: { command: 'view' } }), 'task_tracking');
    assert.equal(
      await types({ action: 'run', args: { command: 'touch held', confirmation_state: 'awaiting_confirmation' } }),
      'null',
    );
    assert.equal(
      await types({ action: 'run', args: { command: 'touch held', confirmation_state: 'rejected' } }),
      'user_rejected',
    );
    assert.equal(await types({ action: 'no_such', args: {} }), 'error');
    assert.equal(await types({ action: 'edit', args: { path: '/x', impl_source: 'llm_based_edit' } }), 'error');
    assert.ok(!(await client.listFiles()).includes('held'));
  });

  it('performs one action at a time, in order', async () => {
    const order: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map(async (word) => {
        order.push((await client.run(`sleep 0.1 && echo ${word}`)).content);
      }),
    );
    assert.deepEqual(order, ['a', 'b', 'c']);
  });

  it('after a cancelled action says that the shell is busy, until it is free again (D17)', async () => {
    const events = new EventStream();
    const own = connect(events);
    const stop = new AbortController();
    const running = own.run('touch begun; until [ -e go ]; do sleep 0.1; done; echo late', { signal: stop.signal });
    await waitFor('its begin', () => (existsSync(join(server.workspace, 'begun')) ? true : undefined));
    stop.abort();
    await assert.rejects(running, (error) => RuntimeError.is(error, 'cancelled'));
    const isBusy = (): boolean => own.busy;
    assert.equal(isBusy(), true);
    await assert.rejects(own.run('echo no'), (error) => RuntimeError.is(error, 'shell_busy') && error.nextStep !== '');
    await writeFile(join(server.workspace, 'go'), '');
    while (isBusy()) await sleep(20);
    assert.equal((await own.run('echo free')).content, 'free');
    const replayed: StreamEvent[] = [];
    events.on((event) => replayed.push(event), 0);
    assert.ok(
      replayed.some(
        (event) => event.kind === 'observation' && event.late === true && event.observation.content === 'late',
      ),
    );
    own.dispose();
  });

  it('replays actions, observations and failures with ids and causes to a late listener', async () => {
    const events = new EventStream();
    const own = connect(events);
    await own.run('echo one');
    await assert.rejects(own.runAction({ action: 'run_ipython', args: { code: '1' } }));
    const all: StreamEvent[] = [];
    events.on((event) => all.push(event), 0);
    assert.deepEqual(
      all.map(({ id, kind }) => `${id} ${kind}`),
      ['1 action', '2 observation', '3 action', '4 status'],
    );
    assert.deepEqual(
      all.flatMap((event) => ('cause' in event ? [event.cause] : [])),
      [1, 3],
    );
    const later: number[] = [];
    events.on(({ id }) => later.push(id), 3);
    assert.deepEqual(later, [4]);
    own.dispose();
    await assert.rejects(own.run('echo'), (error) => RuntimeError.is(error, 'closed'));
  });

  it('uploads and downloads as streams, with progress', async () => {
    const content = Buffer.alloc(3_000_000, 'x');
    let last = 0;
    await client.uploadBytes({
      name: 'big.bin',
      bytes: content,
      destination: join(server.workspace, 'up'),
      onProgress: (sent) => (last = sent),
    });
    assert.equal(last, content.length);
    const zipFile = join(folder, 'up.zip');
    const seen: number[] = [];
    const { files, bytes } = await client.downloadFolder({
      path: join(server.workspace, 'up'),
      zipFile,
      onProgress: (received) => seen.push(received),
    });
    assert.equal(files, 1);
    assert.equal(seen.at(-1), bytes);
    assert.equal((await stat(zipFile)).size, bytes);
  });

  it('never keeps an error body as if it were a download (D26)', async () => {
    const zipFile = join(folder, 'none.zip');
    await assert.rejects(client.downloadFolder({ path: join(server.workspace, 'no-such'), zipFile }), (error) =>
      RuntimeError.is(error, 'action_server'),
    );
    await assert.rejects(readFile(zipFile));
    const page = await pageServer('<html>gateway</html>');
    const other = new ActionExecutionClient({ url: page.url, sessionKey: undefined, tunnelToken: undefined });
    await assert.rejects(other.downloadFolder({ path: '/workspace', zipFile }), (error) =>
      RuntimeError.is(error, 'transfer'),
    );
    await assert.rejects(readFile(zipFile));
    assert.equal(await other.alive(), false, 'a page of a proxy is no server (D15)');
    page.server.close();
  });

  it('uploads a workspace as git sees it, secrets only after a yes', async () => {
    const base = join(folder, 'project');
    await mkdir(join(base, 'src', 'empty'), { recursive: true });
    await mkdir(join(base, 'node_modules', 'x'), { recursive: true });
    for (const [name, text] of Object.entries({
      '.gitignore': 'node_modules/\n*.log\n!keep.log\n',
      'a.txt': 'a',
      'x.log': 'no',
      'keep.log': 'yes',
      '.env': 'KEY=1',
      'src/b.txt': 'b',
      'src/.gitignore': 'b.txt\n',
      'src/id_rsa': 'key',
      'node_modules/x/i.js': '',
    })) {
      await writeFile(join(base, name), text);
    }
    const destination = join(server.workspace, 'project');
    const first = await uploadWorkspace(client, { folder: base, destination });
    assert.deepEqual([...first.withheld].sort(), ['.env', 'src/id_rsa']);
    assert.deepEqual([...(await client.listFiles(destination))], ['src/', '.gitignore', 'a.txt', 'keep.log']);
    assert.deepEqual([...(await client.listFiles(join(destination, 'src')))], ['empty/', '.gitignore']);
    const asked: string[][] = [];
    const second = await uploadWorkspace(client, {
      folder: base,
      destination,
      confirmSecrets: (paths) => (asked.push([...paths].sort()), Promise.resolve(true)),
    });
    assert.deepEqual([asked, second.withheld], [[['.env', 'src/id_rsa']], []]);
    assert.ok((await client.listFiles(destination)).includes('.env'));
  });

  it('knows what looks like a secret', () => {
    for (const path of [
      '.env',
      'a/.env.local',
      'prod.env',
      'x.pem',
      'id_ed25519',
      '.npmrc',
      'a/.aws/config',
      'my-credentials.json',
      'client_secret.json',
    ]) {
      assert.ok(looksSecret(path), path);
    }
    for (const path of ['.env.example', 'src/main.ts', 'README.md', 'keyboard.ts', 'environment.yml']) {
      assert.ok(!looksSecret(path), path);
    }
  });

  it('never sends an action twice when the connection breaks (D16), and does when none came about', async () => {
    let requests = 0;
    const broken = createServer((request) => {
      requests += 1;
      request.socket.destroy();
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const { port } = broken.address() as AddressInfo;
    const own = new ActionExecutionClient({
      url: `http://127.0.0.1:${port}`,
      sessionKey: undefined,
      tunnelToken: undefined,
    });
    await assert.rejects(own.run('echo'), (error) => RuntimeError.is(error, 'network'));
    assert.equal(requests, 1);
    broken.close();
  });
});

async function pageServer(body: string): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
