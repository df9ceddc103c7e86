import type { IncomingMessage } from 'node:http';
import { sameSecret } from '../../../ground/sameSecret';
import type { Logger } from '../logging';
import type { McpProxy } from '../mcp/mcpProxy';
import { parseMcpServers } from '../mcp/mcpServers';
import { HttpError, sendJson } from './answers';
import type { Routes } from './httpServer';
import { readJson } from './requestBody';

/**
 * The paths of the MCP proxy, and `POST /update_mcp_server`, which says what it offers.
 *
 * @param key the session key: these paths want it as a bearer token too
 */
export function mcpRoutes(proxy: () => McpProxy, key: string | undefined, log: Logger): Routes {
  const routes: Record<string, Routes[string]> = {
    '/update_mcp_server': {
      POST: async (request, response) => {
        const problems = await proxy().update(parseMcpServers(await readJson(request)));
        if (problems !== '') log.warn(problems);
        sendJson(response, 200, { detail: 'MCP server updated successfully', router_error_log: problems });
      },
    },
  };
  for (const base of ['/mcp', '']) {
    routes[`${base}/sse`] = {
      GET: async (request, response) => {
        admit(request, proxy(), key);
        await proxy().openStream(response, `${base}/messages/`);
      },
    };
    routes[`${base}/messages/`] = {
      POST: async (request, response, url) => {
        admit(request, proxy(), key);
        if (!(await proxy().takeMessage(request, response, url.searchParams.get('sessionId') ?? ''))) {
          throw new HttpError(404, 'Could not find session');
        }
      },
    };
  }
  return routes;
}

function admit(request: IncomingMessage, proxy: McpProxy, key: string | undefined): void {
  if (!proxy.mounted) throw new HttpError(404, 'Not Found');
  if (key === undefined) return;
  const given = /^Bearer +(\S.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!sameSecret(given.trim(), key.trim())) {
    throw new HttpError(401, 'Invalid or missing bearer token');
  }
}
