import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ActionExecutionClient, type RunOptions } from '../../src/core/actionServer/actionExecutionClient';
import { EventStream, type StreamEvent } from '../../src/core/actionServer/eventStream';
import { setGitIdentity } from '../../src/core/actionServer/environment/gitIdentity';
import { setupEnvironment } from '../../src/core/actionServer/environment/setupEnvironment';
import { RuntimeError } from '../../src/core/errors';
import { noMcpServers } from '../../src/core/actionServer/mcp/mcpServers';
import { observationIs, type IpythonObservation } from '../../src/core/actionServer/observation';
import { uploadWorkspace } from '../../src/core/actionServer/transfer/uploadWorkspace';
import { skip } from '../run/skip';

/** What upstream's quoting changes, executes or chokes on. */
const hostileValue = ' $HOME `id` $(id) !bang it\'s "q" \\; \\n\nzwei 你好\n\u0001\u001b[31m\r\u007f';

/** A server to hold the client against. */
export interface ContractServer {
  readonly url: string;
  readonly sessionKey: string | undefined;
}

/**
 * What the client and an action server agree on: the same tests for ours and for OpenHands' own. They assert nothing
 * of which the contract says that servers may differ.
 */
export function clientContract(what: string, find: () => ContractServer): void {
  describe(`the client and ${what}`, function () {
    this.timeout(60_000);
    let client: ActionExecutionClient;
    let workspace: string;
    let folder: string;

    before(async () => {
      client = new ActionExecutionClient({ ...find(), tunnelToken: undefined });
      folder = await mkdtemp(join(tmpdir(), 'runloop-contract-'));
      workspace = `${(await client.run('pwd')).content}/contract-${Date.now()}`;
      await client.run(`mkdir -p '${workspace}'`);
    });

    after(async () => {
      await client.run(`rm -rf '${workspace}'`);
      client.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    /** What a command that changes nothing prints: on a busy computer OpenHands' server may read its screen too early. */
    const shownBy = async (command: string, options?: RunOptions): Promise<string> => {
      let { content } = await client.run(command, options);
      for (let tries = 1; tries < 5 && content === ''; tries += 1) ({ content } = await client.run(command, options));
      return content;
    };

    it('is alive, and tells about itself', async () => {
      assert.equal(await client.alive(), true);
      assert.ok((await client.serverInfo()).uptime > 0);
    });

    it('refuses a wrong key', async function () {
      if (find().sessionKey === undefined) skip(this, `${what} was started without a session key`);
      const other = new ActionExecutionClient({ url: find().url, sessionKey: 'wrong', tunnelToken: undefined });
      await assert.rejects(other.listFiles(), (error) => RuntimeError.is(error, 'session_key') && error.status === 403);
    });

    it('runs commands in one shell that remembers', async () => {
      const first = await client.run('cd /tmp && MARK=kept && echo "hello  there"');
      assert.deepEqual([first.exitCode, first.content, first.workingDirectory], [0, 'hello  there', '/tmp']);
      const second = await client.run('echo $MARK; false');
      assert.deepEqual([second.exitCode, second.content], [1, 'kept']);
      assert.equal((await client.run('pwd', { isStatic: true, cwd: '/' })).content, '/');
    });

    it('refuses two commands at once', async () => {
      await assert.rejects(client.run('echo a\necho b'), (error) => RuntimeError.is(error, 'action_server'));
    });

    it('leaves a command running after its timeout, takes input and interrupts', async () => {
      const waiting = await client.run('read -p "name? " n && echo hi $n', { timeoutSeconds: 2 });
      assert.deepEqual([waiting.exitCode, waiting.content], [-1, 'name?']);
      const answered = await client.run('Bob', { isInput: true });
      assert.deepEqual([answered.exitCode, answered.content.includes('hi Bob')], [0, true]);
      const sleeping = await client.run('sleep 60', { blocking: true, timeoutSeconds: 1 });
      assert.equal(sleeping.exitCode, -1);
      assert.equal((await client.run('C-c', { isInput: true })).exitCode, 130);
    });

    it('reads, writes and edits files', async () => {
      const path = `${workspace}/deep/file.txt`;
      await client.runAction({ action: 'write', args: { path, content: 'one\ntwo' } });
      const read = await client.runAction({ action: 'read', args: { path } });
      assert.ok(observationIs(read, 'read'));
      assert.equal(read.content, 'one\ntwo\n');
      const edited = await client.runAction({
        action: 'edit',
        args: { path, command: 'str_replace', old_str: 'two', new_str: 'TWO' },
      });
      assert.ok(observationIs(edited, 'edit') && !edited.failed && edited.diff.includes('+TWO'));
      const failed = await client.runAction({ action: 'edit', args: { path, command: 'create', file_text: 'x' } });
      assert.ok(observationIs(failed, 'edit') && failed.failed);
      const missing = await client.runAction({ action: 'read', args: { path: `${workspace}/none` } });
      assert.ok(observationIs(missing, 'error'));
      const browsed = await client.runAction({ action: 'browse', args: { url: 'http://127.0.0.1:1/' } });
      assert.ok(browsed.type === 'error' || browsed.type === 'browse');
    });

    it('uploads, lists and downloads', async () => {
      await client.uploadBytes({ name: 'a.txt', bytes: Buffer.from('data'), destination: `${workspace}/up` });
      assert.deepEqual(await client.listFiles(`${workspace}/up`), ['a.txt']);
      const zipFile = join(folder, 'up.zip');
      const { files, bytes } = await client.downloadFolder({ path: `${workspace}/up`, zipFile });
      assert.deepEqual([files, (await stat(zipFile)).size], [1, bytes]);
      await assert.rejects(
        client.downloadFolder({ path: `${workspace}/none`, zipFile: join(folder, 'n.zip') }),
        (error) => RuntimeError.is(error),
      );
    });

    it('takes a whole folder, with what may be executed and names with dots', async () => {
      const project = join(folder, 'project');
      await mkdir(join(project, 'pages'), { recursive: true });
      await writeFile(join(project, 'pages', '[...slug].tsx'), 'x');
      await writeFile(join(project, 'run.sh'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
      const destination = `${workspace}/two words`;
      assert.deepEqual(await uploadWorkspace(client, { folder: project, destination }), { files: 2, withheld: [] });
      assert.deepEqual(await client.listFiles(`${destination}/pages`), ['[...slug].tsx']);
      assert.equal(await shownBy(`'${destination}/run.sh'`), 'ran');
    });

    it('sets the environment and the git identity byte for byte', async () => {
      const value = hostileValue;
      await setupEnvironment(client, { variables: { CONTRACT_VALUE: value }, jupyter: false });
      const bytes = `printf %s "$CONTRACT_VALUE" | od -An -v -tx1 | tr -d ' \\n'`;
      assert.equal(await shownBy(bytes), Buffer.from(value).toString('hex'));
      assert.equal(await shownBy(bytes, { isStatic: true }), Buffer.from(value).toString('hex'));
      const name = 'O\'Neil "Å" $(id) \\; !x';
      assert.equal(await setGitIdentity(client, { name, email: 'a@b.example' }), true);
      assert.equal(await shownBy('git config --global user.name'), name);
    });

    describe('in Jupyter', () => {
      const cell = async (code: string): Promise<IpythonObservation> => {
        const observation = await client.runAction({ action: 'run_ipython', args: { code, include_extra: false } });
        assert.ok(observationIs(observation, 'run_ipython'), observation.content);
        return observation;
      };
      /** What a cell that changes nothing shows: OpenHands' server may end a cell before it has read its output. */
      const shown = async (code: string): Promise<IpythonObservation> => {
        let observation = await cell(code);
        for (let tries = 1; tries < 10 && observation.content.includes('with no output'); tries += 1) {
          observation = await cell(code);
        }
        return { ...observation, content: observation.content.trim() };
      };

      before(async function () {
        try {
          await cell('pass');
        } catch (error) {
          if (!RuntimeError.is(error, 'action_server')) throw error;
          skip(this, `${what} has no Jupyter (plugin jupyter, and a python3 with ipykernel and jupyter_client)`);
        }
      });

      it('runs cells in one kernel that remembers, with pictures and tracebacks', async () => {
        const first = await shown('x = 20\nprint("grüße")');
        assert.deepEqual([first.content, first.code, first.imageUrls], ['grüße', 'x = 20\nprint("grüße")', []]);
        assert.equal((await shown('x + 22')).content, '42');
        assert.match((await shown('1 / 0')).content, /ZeroDivisionError: division by zero/);
        const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
        const picture = await shown(
          `from IPython.display import Image, display; import base64\ndisplay(Image(base64.b64decode("${png}")))`,
        );
        assert.ok(picture.imageUrls[0]?.startsWith('data:image/png;base64,iVBOR'));
      });

      it('has the environment byte for byte, also after a change', async () => {
        const values = { CELL_A: hostileValue, CELL_EMPTY: '', CELL_LONG: 'y'.repeat(50_000), CELL_KEPT: 'kept' };
        await setupEnvironment(client, { variables: values, jupyter: true });
        const bytes = async (name: string): Promise<string> =>
          (await shown(`import os; print("hex", os.environb[b"${name}"].hex())`)).content;
        const hex = (text: string): string => `hex ${Buffer.from(text).toString('hex')}`.trim();
        assert.equal(await bytes('CELL_A'), hex(hostileValue));
        assert.equal(await bytes('CELL_EMPTY'), 'hex');
        assert.equal((await shown('import os; print(len(os.environ["CELL_LONG"]))')).content, '50000');
        await setupEnvironment(client, { variables: { cell_a: 'new\n' }, jupyter: true });
        assert.deepEqual([await bytes('CELL_A'), await bytes('CELL_KEPT')], [hex('new\n'), hex('kept')]);
      });

      it('shows no value in a cell or its observation (D11)', async () => {
        const events = new EventStream();
        const own = new ActionExecutionClient({ ...find(), tunnelToken: undefined }, { events });
        await setupEnvironment(own, { variables: { CELL_SECRET: 'secret-4711' }, jupyter: true });
        own.dispose();
        const seen: StreamEvent[] = [];
        events.on((event) => seen.push(event), 0);
        assert.ok(seen.some((event) => event.kind === 'observation' && event.observation.type === 'run_ipython'));
        assert.ok(!JSON.stringify(seen).includes('secret-4711'));
        assert.equal((await shown('import os; print(os.environ["CELL_SECRET"][:6])')).content, 'secret');
      });
    });

    it('calls tools of MCP servers that the action server starts', async function () {
      // The program of the test's own server is on this computer only.
      if (!/^(?:127\.|localhost$)/.test(new URL(find().url).hostname)) {
        skip(this, `${what} is on another computer`);
      }
      const stdio = [
        { name: 'contract', command: process.execPath, args: [resolve('out/contract/stdioServer.js')], env: {} },
      ];
      const own = new ActionExecutionClient({ ...find(), tunnelToken: undefined }, { mcp: { ...noMcpServers, stdio } });
      const observation = await own.runAction({
        action: 'call_tool_mcp',
        args: { name: 'shout', arguments: { text: 'hello' } },
      });
      own.dispose();
      assert.ok(observationIs(observation, 'mcp'));
      assert.match(observation.content, /HELLO/);
    });

    it('answers with or without a VS Code', async () => {
      const token = await client.connectionToken();
      assert.ok(token === undefined || token !== '');
    });
  });
}
