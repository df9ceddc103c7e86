/* A small MCP server on stdio, started inside a devbox by the contract tests. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import * as z from 'zod';

const server = new McpServer({ name: 'contract', version: '1' });
server.registerTool('shout', { inputSchema: { text: z.string() } }, ({ text }) => ({
  content: [{ type: 'text', text: text.toUpperCase() }],
}));
await server.connect(new StdioServerTransport());
