import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { parseMcpServers, shellWords } from '../../../../../src/local/actionServer/mcp/mcpServers';
import { processesEnd } from '../../../../platform/devboxProcesses';
import { RunningServer, sessionKey } from '../runningServer';

/** A small MCP server, written by hand so that the SDK is on one side of the wire only. */
const toolServer = `import { createInterface } from 'node:readline';
const [name = 'echo'] = process.argv.slice(2);
const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') answer(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name, version: '1' } });
  if (method === 'tools/list') answer(id, { tools: [{ name, description: 'says it again', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } }] });
  if (method === 'tools/call') answer(id, { content: [{ type: 'text', text: name + ': ' + params.arguments.text + ' ' + (process.env.GIVEN ?? '') + (process.env.SESSION_API_KEY ?? '') }] });
}).on('close', () => process.exit(0));`;

describe('the MCP proxy', () => {
  let server: RunningServer;
  let script: string;
  const clients: Client[] = [];

  before(async () => {
    server = await RunningServer.start();
    script = join(server.folder, 'tool-server.mjs');
    await writeFile(script, toolServer);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
    await processesEnd(script);
  });

  async function connect(path = '/mcp/sse', bearer = sessionKey): Promise<Client> {
    const headers = { 'X-Session-API-Key': sessionKey, Authorization: `Bearer ${bearer}` };
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(
      new SSEClientTransport(new URL(`http://127.0.0.1:${server.port}${path}`), { requestInit: { headers } }),
    );
    clients.push(client);
    return client;
  }
  const update = async (...servers: unknown[]): Promise<string> => {
    const { status, json } = await server.request('POST', '/update_mcp_server', servers);
    assert.deepEqual([status, json['detail']], [200, 'MCP server updated successfully']);
    return String(json['router_error_log']);
  };
  const tool = (name: string, more: object = {}): unknown => ({
    name,
    command: process.execPath,
    args: [script, name],
    env: {},
    ...more,
  });

  it('is there once servers were set, and wants the key as a bearer token too', async () => {
    assert.equal((await server.request('GET', '/mcp/sse')).status, 404);
    assert.equal(await update(tool('echo', { env: { GIVEN: 'with env' } })), '');
    await assert.rejects(connect('/mcp/sse', 'wrong'), /401/);
    const client = await connect();
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['echo'],
    );
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    // Neither the session key nor anything else of the server's own reaches it.
    assert.deepEqual(content, [{ type: 'text', text: 'echo: hello with env' }]);
    await assert.rejects(client.callTool({ name: 'none' }), /Unknown tool: none/);
  });

  it('follows every update, for clients that are connected too', async () => {
    await update(tool('one'));
    const client = await connect('/sse');
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['one'],
    );
    await update(tool('one'), tool('two', { args: `"${script}" two` }));
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['one_one', 'two_two'],
    );
    const { content } = await client.callTool({ name: 'two_two', arguments: { text: 'x' } });
    assert.deepEqual(content, [{ type: 'text', text: 'two: x ' }]);
    const problem = await update(tool('two', { args: [script, 'two'] }), {
      name: 'broken',
      command: process.execPath,
      args: ['-e', 'console.error("no luck"); process.exit(1)'],
    });
    assert.match(problem, /^Failed to start the MCP server broken: .*no luck/);
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['two'],
    );
    await update();
    assert.deepEqual((await client.listTools()).tools, []);
    await processesEnd(script);
  });

  it('refuses what is no server', () => {
    for (const wrong of [
      { name: 'a b', command: 'c' },
      { name: 'a', command: 'c d' },
      { name: 'a', command: '' },
      { name: 'a', command: 'c', args: [1] },
      { name: 'a', command: 'c', env: { A: 1 } },
      1,
    ]) {
      assert.throws(() => parseMcpServers([wrong]), TypeError, JSON.stringify(wrong));
    }
    assert.throws(
      () =>
        parseMcpServers([
          { name: 'a', command: 'c' },
          { name: 'a', command: 'd' },
        ]),
      /same name/,
    );
    assert.deepEqual(parseMcpServers([{ name: 'a', command: 'c', env: 'A=1,B=x=y' }])[0]?.env, { A: '1', B: 'x=y' });
    assert.deepEqual(shellWords(String.raw`a "b c" 'd "e' f\ g x"y z" ""`), ['a', 'b c', 'd "e', 'f g', 'xy z', '']);
  });
});
