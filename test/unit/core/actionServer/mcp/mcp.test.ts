import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { after, before, describe, it } from 'mocha';
import * as z from 'zod';
import { ActionExecutionClient } from '../../../../../src/core/actionServer/actionExecutionClient';
import { RuntimeError } from '../../../../../src/core/errors';
import { noMcpServers } from '../../../../../src/core/actionServer/mcp/mcpServers';
import { observationIs } from '../../../../../src/core/actionServer/observation';
import { asObject, parseJson } from '../../../../../src/core/parse';

/** A real MCP server over streamable HTTP, with one tool; it notes all that it was asked with but the bodies. */
async function startMcp(headers: string[]): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    headers.push(...request.rawHeaders, request.url ?? '');
    void (async () => {
      const mcp = new McpServer({ name: 'test', version: '1' });
      mcp.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
        content: [{ type: 'text', text: String(a + b) }],
      }));
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      // A server per request, without sessions.
      await mcp.connect(transport);
      await transport.handleRequest(request, response);
    })().catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` };
}

describe('tools of MCP servers', () => {
  const headers: string[] = [];
  let mcp: { readonly url: string; readonly server: Server };
  const clientWith = (urls: readonly string[], keys: { apiKey?: string } = { apiKey: 'mcp-key-4711' }) =>
    new ActionExecutionClient(
      { url: 'http://127.0.0.1:1', sessionKey: 'key of the session', tunnelToken: 'token of the tunnel' },
      { mcp: { ...noMcpServers, shttp: urls.map((url) => ({ url, ...keys })) }, sid: 'session 1' },
    );

  before(async () => {
    mcp = await startMcp(headers);
  });

  after(() => {
    mcp.server.closeAllConnections();
    mcp.server.close();
  });

  it('are called by the protocol, with the key of their server and the session', async () => {
    const observation = await clientWith([mcp.url]).runAction({
      action: 'call_tool_mcp',
      args: { name: 'add', arguments: { a: 2, b: 3 } },
    });
    assert.ok(observationIs(observation, 'mcp'));
    assert.deepEqual([observation.name, observation.toolArguments], ['add', { a: 2, b: 3 }]);
    assert.match(observation.content, /"text":"5"/);
    assert.ok(headers.includes('Bearer mcp-key-4711') && headers.includes('session 1'));
    assert.ok(!headers.some((header) => /key of the session|token of the tunnel/.test(header)), headers.join('\n'));
  });

  it('are called without a key where their server has none, and with none of the devbox’s', async () => {
    headers.splice(0);
    // One whose address begins like the devbox's is another one.
    const port = new URL(mcp.url).port;
    const alike = new ActionExecutionClient(
      {
        url: `http://127.0.0.1:${port.slice(0, -1)}`,
        sessionKey: 'key of the session',
        tunnelToken: 'token of the tunnel',
      },
      { mcp: { ...noMcpServers, shttp: [{ url: mcp.url }] }, sid: 'session 1' },
    );
    for (const client of [clientWith([mcp.url], {}), alike]) {
      const action = { action: 'call_tool_mcp', args: { name: 'add', arguments: { a: 2, b: 3 } } };
      assert.match((await client.runAction(action)).content, /"text":"5"/);
    }
    assert.ok(headers.includes('session 1'));
    const secrets = /key of the session|token of the tunnel|^x-session-api-key$|^authorization$/i;
    assert.ok(!headers.some((header) => secrets.test(header)), headers.join('\n'));
  });

  it('that are not there end in an error that says so; a server that cannot be reached in an observation', async () => {
    await assert.rejects(
      clientWith([mcp.url]).runAction({ action: 'call_tool_mcp', args: { name: 'none' } }),
      (error) => RuntimeError.is(error, 'mcp') && error.message.includes('none'),
    );
    const observation = await clientWith(['http://127.0.0.1:1/mcp']).runAction({
      action: 'call_tool_mcp',
      args: { name: 'add' },
    });
    assert.equal(asObject(parseJson(observation.content))?.['isError'], true);
    assert.ok(!observation.content.includes('mcp-key-4711'));
  });

  it('are listed anew for each call, with the devbox once however often one asks (D32)', () => {
    const stdio = [{ name: 'fetch', command: 'uvx', args: ['mcp-server-fetch'], env: {} }];
    const client = new ActionExecutionClient(
      { url: 'http://127.0.0.1:1', sessionKey: 'k', tunnelToken: undefined },
      { mcp: { ...noMcpServers, stdio } },
    );
    client.getMcpConfig();
    assert.deepEqual(client.getMcpConfig().sse, [{ url: 'http://127.0.0.1:1/mcp/sse', apiKey: 'k' }]);
  });
});
