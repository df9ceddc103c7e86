import { notOffered } from './apiError';
import type { Router } from './router';

const wanting: readonly (readonly ['GET' | 'POST', string, string])[] = [
  ['POST', '/v1/devboxes/{id}/snapshot_disk', 'snapshots'],
  ['POST', '/v1/devboxes/{id}/snapshot_disk_async', 'snapshots'],
  ['GET', '/v1/devboxes/disk_snapshots', 'snapshots'],
  ['GET', '/v1/devboxes/disk_snapshots/{id}/status', 'snapshots'],
  ['POST', '/v1/devboxes/disk_snapshots/{id}', 'snapshots'],
  ['POST', '/v1/devboxes/disk_snapshots/{id}/delete', 'snapshots'],
  ['POST', '/v1/devboxes/{id}/create_ssh_key', 'SSH access'],
  ['POST', '/v1/devboxes/{id}/create_gateway_token', 'gateways'],
  ['POST', '/v1/devboxes/{id}/create_mcp_token', 'MCP configurations'],
  ['GET', '/v1/devboxes/{id}/usage', 'usage figures'],
  ['GET', '/v1/devboxes/evictions/watch', 'evictions'],
  ['GET', '/v1/devboxes/metadata/keys', 'metadata lists'],
  ['GET', '/v1/devboxes/metadata/keys/{key}/values', 'metadata lists'],
  ['POST', '/v1/blueprints', 'building of blueprints'],
  ['POST', '/v1/blueprints/{id}/delete', 'deleting of its own blueprints'],
  ['GET', '/v1/secrets', 'account secrets'],
  ['POST', '/v1/secrets', 'account secrets'],
  ['GET', '/v1/secrets/{name}', 'account secrets'],
  ['POST', '/v1/secrets/{name}', 'account secrets'],
  ['POST', '/v1/secrets/{name}/delete', 'account secrets'],
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
