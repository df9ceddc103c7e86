import { notOffered } from './apiError';
import type { Router } from './router';

const wanting: readonly (readonly ['GET' | 'POST', string, string])[] = [
  ['POST', '/v1/devboxes/{id}/create_gateway_token', 'gateways'],
  ['POST', '/v1/devboxes/{id}/create_mcp_token', 'MCP configurations'],
  ['GET', '/v1/network-policies', 'network policies'],
  ['POST', '/v1/network-policies', 'network policies'],
  ['GET', '/v1/gateway-configs', 'gateways'],
  ['GET', '/v1/mcp-configs', 'MCP configurations'],
];

/** Adds an honest 501 for what Runloop's API has and the local platform has not. Add it before the `{id}` routes. */
export function addNotOfferedRoutes(router: Router): void {
  for (const [method, path, what] of wanting) {
    router.add(method, path, () => {
      throw notOffered(what);
    });
  }
}
