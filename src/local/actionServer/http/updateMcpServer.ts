import { isRecord } from '../actionRequest';
import type { Logger } from '../logging';
import { HttpError, sendJson } from './answers';
import type { Handler } from './httpServer';
import { readJson } from './requestBody';

/**
 * `POST /update_mcp_server`: this server starts no MCP servers yet. It says so in the field where clients look for what
 * went wrong.
 */
export function updateMcpServerHandler(log: Logger): Handler {
  return async (request, response) => {
    const body = await readJson(request);
    if (!Array.isArray(body)) throw new HttpError(400, 'Request must be a list of MCP tools to sync');
    const servers = body as unknown[];
    for (const server of servers) {
      if (!isRecord(server) || typeof server['name'] !== 'string' || typeof server['command'] !== 'string') {
        throw new TypeError('An MCP server needs a name and a command.');
      }
    }
    if (servers.length > 0) log.warn(`${servers.length} MCP servers were asked for; this server starts none.`);
    sendJson(response, 200, {
      detail: 'MCP server updated successfully',
      router_error_log: servers.length === 0 ? '' : 'This server cannot start MCP servers: it has no MCP proxy.',
    });
  };
}
