import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { httpFetch } from '../../http/httpFetch';

/** Opens a connection to an MCP server. The caller closes it. */
export async function openMcp(
  url: string,
  kind: 'sse' | 'shttp',
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<Client> {
  const client = new Client({ name: 'runloop-devboxes', version: '1' });
  const options = { requestInit: { headers }, fetch: httpFetch };
  const transport =
    kind === 'sse'
      ? new SSEClientTransport(new URL(url), options)
      : new StreamableHTTPClientTransport(new URL(url), options);
  await client.connect(transport, { timeout: timeoutMs });
  return client;
}
