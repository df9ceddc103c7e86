import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ActionExecutionClient } from '../../src/core/actionExecutionClient';
import { setGitIdentity } from '../../src/core/environment/gitIdentity';
import { setupEnvironment } from '../../src/core/environment/setupEnvironment';
import { RuntimeError } from '../../src/core/errors';
import { noMcpServers } from '../../src/core/mcp/mcpServers';
import { observationIs } from '../../src/core/observation';

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

    it('is alive, and tells about itself', async () => {
      assert.equal(await client.alive(), true);
      assert.ok((await client.serverInfo()).uptime > 0);
    });

    it('refuses a wrong key', async function () {
      if (find().sessionKey === undefined) this.skip();
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
      const edited = await client.runAction({ action: 'edit', args: { path, command: 'str_replace', old_str: 'two', new_str: 'TWO' } });
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
      await assert.rejects(client.downloadFolder({ path: `${workspace}/none`, zipFile: join(folder, 'n.zip') }), (error) => RuntimeError.is(error));
    });

    it('sets the environment and the git identity byte for byte', async () => {
      const value = ' $HOME `id` $(id) !bang it\'s "q" \\; \\n\nzwei 你好\n';
      await setupEnvironment(client, { variables: { CONTRACT_VALUE: value }, jupyter: false });
      const shown = `printf %s "$CONTRACT_VALUE" | od -An -v -tx1 | tr -d ' \\n'`;
      assert.equal((await client.run(shown)).content, Buffer.from(value).toString('hex'));
      assert.equal((await client.run(shown, { isStatic: true })).content, Buffer.from(value).toString('hex'));
      const name = 'O\'Neil "Å" $(id) \\; !x';
      assert.equal(await setGitIdentity(client, { name, email: 'a@b.example' }), true);
      assert.equal((await client.run('git config --global user.name')).content, name);
    });

    it('calls tools of MCP servers that the action server starts', async function () {
      // The program of the test's own server is on this computer only.
      if (!/^(?:127\.|localhost$)/.test(new URL(find().url).hostname)) this.skip();
      const stdio = [{ name: 'contract', command: process.execPath, args: [resolve('out/contract/stdioServer.js')], env: {} }];
      const own = new ActionExecutionClient({ ...find(), tunnelToken: undefined }, { mcp: { ...noMcpServers, stdio } });
      const observation = await own.runAction({ action: 'call_tool_mcp', args: { name: 'shout', arguments: { text: 'hello' } } });
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
