import * as z from 'zod';
import type { DevboxLog, LogEntry } from '../devbox/devboxLog';
import type { DevboxRegistry } from '../devbox/devboxRegistry';
import { parseBody, tunnelFields } from './bodies';
import { readTunnel } from './createRequest';
import type { Router } from './router';
import { logView, tunnelView } from './views';

const readFields = z.object({ file_path: z.string().min(1) });
const writeFields = z.object({ file_path: z.string().min(1), contents: z.string() });

/** Adds what one devbox has: its log, its tunnel, its files. */
export function addDetailRoutes(router: Router, devboxes: DevboxRegistry): void {
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

  router.add('POST', '/v1/devboxes/{id}/remove_tunnel', ({ exchange, params }) => {
    devboxes.get(params['id'] ?? '').removeTunnel();
    exchange.sendJson(200, {});
  });

  router.add('POST', '/v1/devboxes/{id}/read_file_contents', async ({ exchange, params }) => {
    const devbox = devboxes.get(params['id'] ?? '');
    const { file_path: path } = parseBody(readFields, await exchange.readObject());
    devbox.requireRunning();
    exchange.sendText(await devbox.files.read(path));
  });

  router.add('POST', '/v1/devboxes/{id}/write_file_contents', async ({ exchange, params }) => {
    const devbox = devboxes.get(params['id'] ?? '');
    const { file_path: path, contents } = parseBody(writeFields, await exchange.readObject());
    devbox.requireRunning();
    const { code, stdout, stderr } = await devbox.files.write(path, Buffer.from(contents));
    exchange.sendJson(200, { devbox_id: devbox.id, exit_status: code, stdout, stderr });
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
