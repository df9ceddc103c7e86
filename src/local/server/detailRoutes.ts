import type { DevboxLog, LogEntry } from '../devbox/devboxLog';
import type { DevboxRegistry } from '../devbox/devboxRegistry';
import type { PtyService } from '../pty/ptyService';
import { parseBody, tunnelFields } from './bodies';
import { readTunnel } from './createRequest';
import type { Router } from './router';
import { logView, tunnelView } from './views';

/** Adds what one devbox has: its log and its tunnel. */
export function addDetailRoutes(router: Router, devboxes: DevboxRegistry, terminals: PtyService): void {
  router.add('GET', '/v1/devboxes/{id}/logs', ({ exchange, params }) => {
    const entries = devboxes.get(params['id'] ?? '').log.entries();
    exchange.sendJson(200, { logs: entries.filter(logFilter(exchange.query)).map(logView) });
  });

  router.add('GET', '/v1/devboxes/{id}/logs/tail', ({ exchange, params }) => {
    return exchange.sendEvents(followed(devboxes.get(params['id'] ?? '').log, logFilter(exchange.query), exchange.signal));
  });

  router.add('POST', '/v1/devboxes/{id}/enable_tunnel', async ({ exchange, params }) => {
    const settings = parseBody(tunnelFields, await exchange.readObject());
    exchange.sendJson(200, tunnelView(devboxes.get(params['id'] ?? '').enableTunnel(readTunnel(settings))));
  });

  router.add('POST', '/v1/devboxes/{id}/create_pty_tunnel', ({ exchange, params }) => {
    const { key, token } = terminals.openTunnel(devboxes.get(params['id'] ?? ''));
    exchange.sendJson(200, { tunnel_key: key, auth_token: token });
  });

  router.add('POST', '/v1/devboxes/{id}/remove_tunnel', ({ exchange, params }) => {
    devboxes.get(params['id'] ?? '').removeTunnel();
    exchange.sendJson(200, {});
  });
}

/** Which entries a caller asked for. */
function logFilter(query: URLSearchParams): (entry: LogEntry) => boolean {
  const execution = query.get('execution_id') ?? '';
  const shell = query.get('shell_name') ?? '';
  return (entry) => (execution === '' || entry.cmdId === execution) && (shell === '' || entry.shellName === shell);
}

async function* followed(log: DevboxLog, wanted: (entry: LogEntry) => boolean, signal: AbortSignal): AsyncGenerator {
  for await (const entry of log.follow(signal)) {
    if (wanted(entry)) {
      yield logView(entry);
    }
  }
}
