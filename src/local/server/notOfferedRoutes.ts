import { notOffered } from '../http/apiError';
import type { Router } from '../http/router';

/** What Runloop's API has below these paths and the local platform has not, whatever is asked of it. */
const families: Readonly<Record<string, string>> = {
  '/v1/agents': 'agents',
  '/v1/apikeys': 'API keys that are made by request',
  '/v1/axons': 'axons',
  '/v1/benchmark_jobs': 'benchmarks',
  '/v1/benchmark_runs': 'benchmarks',
  '/v1/benchmarks': 'benchmarks',
  '/v1/gateway-configs': 'gateways',
  '/v1/mcp-configs': 'MCP configurations',
  '/v1/restricted_keys': 'restricted keys',
  '/v1/scenarios': 'scenarios',
  '/pty': 'terminals under the address of the API (they are behind the tunnel of create_pty_tunnel)',
};

/** Single routes beside others that are offered. */
const wanting: readonly (readonly ['GET' | 'POST', string, string])[] = [
  ['POST', '/v1/devboxes/{id}/create_gateway_token', 'gateways'],
  ['POST', '/v1/devboxes/{id}/create_mcp_token', 'MCP configurations'],
  ['POST', '/v1/blueprints/preview', 'previews of blueprints'],
];

/** Adds an honest 501 for what Runloop's API has and the local platform has not. Add it before the `{id}` routes. */
export function addNotOfferedRoutes(router: Router): void {
  for (const [method, path, what] of wanting) {
    router.add(method, path, () => {
      throw notOffered(what);
    });
  }
  for (const [path, what] of Object.entries(families)) {
    router.addAllBelow(path, () => {
      throw notOffered(what);
    });
  }
}
