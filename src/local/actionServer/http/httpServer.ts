import { setTimeout as pause } from 'node:timers/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sameSecret } from '../../../ground/sameSecret';
import type { Logger } from '../logging';
import { exitCodes, StartupError } from '../startupError';
import { generalFailure, HttpError, sendError } from './answers';

/** Answers one kind of request. */
export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

/** Paths, and the handler for each method there. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<'GET' | 'POST', Handler>>>>>;

/** Paths that need no key: whoever waits for the server must be able to ask. */
const openPaths = new Set(['/alive', '/server_info']);

/** How the server listens. */
export interface HttpOptions {
  readonly port: number;
  readonly address: string;
  readonly sessionApiKey: string | undefined;
  readonly routes: Routes;
  readonly log: Logger;
}

/** Pause before a port that somebody else has is tried again, in milliseconds. */
const portPause = 500;

/**
 * Opens the HTTP port.
 *
 * @throws StartupError with exit code 1 when the port cannot be had
 */
export async function listen(options: HttpOptions): Promise<Server> {
  const server = createServer((request, response) => {
    response.on('finish', () => {
      const client = `${request.socket.remoteAddress ?? '-'}:${request.socket.remotePort ?? 0}`;
      options.log.access(client, `${request.method ?? ''} ${request.url ?? ''}`, response.statusCode);
    });
    void answer(request, response, options);
  });
  // Actions may take as long as they like.
  server.requestTimeout = 0;
  server.timeout = 0;
  for (;;) {
    const error = await opened(server, options);
    if (error === undefined) {
      return server;
    }
    // In a devbox of the local platform another one may have the port on all addresses; that is no reason to end.
    if (error.code !== 'EADDRINUSE' || process.env['RUNLOOP_LOCAL_BIND'] !== options.address) {
      const reason = error.code === 'EADDRINUSE' ? 'it is in use; stop what uses it or choose another' : error.message;
      throw new StartupError(
        `Port ${options.port} on ${options.address} cannot be opened: ${reason}.`,
        exitCodes.unusable,
      );
    }
    await pause(portPause);
  }
}

/** Tries to open the port; gives what prevents it. */
function opened(server: Server, { port, address }: HttpOptions): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, address, () => {
      server.removeListener('error', resolve);
      resolve(undefined);
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://devbox');
    const handler = route(request, url, options);
    await handler(request, response, url);
  } catch (error) {
    fail(response, error, options.log);
  }
}

function route(request: IncomingMessage, url: URL, options: HttpOptions): Handler {
  if (!openPaths.has(url.pathname) && !isAuthorized(request, options.sessionApiKey)) {
    throw new HttpError(403, 'Invalid API Key');
  }
  const methods = Object.hasOwn(options.routes, url.pathname) ? options.routes[url.pathname] : undefined;
  if (methods === undefined) {
    options.log.error(`404 for ${request.method ?? ''} ${JSON.stringify(url.pathname)}`);
    throw new HttpError(404, 'Not Found');
  }
  const handler = request.method === 'GET' || request.method === 'POST' ? methods[request.method] : undefined;
  if (handler === undefined) throw new HttpError(405, 'Method Not Allowed');
  return handler;
}

function isAuthorized(request: IncomingMessage, key: string | undefined): boolean {
  if (key === undefined) return true;
  const given = request.headers['x-session-api-key'];
  return typeof given === 'string' && sameSecret(given, key);
}

function fail(response: ServerResponse, error: unknown, log: Logger): void {
  if (!(error instanceof HttpError)) log.error('A request failed', error);
  if (response.headersSent) {
    // Too late for an error answer: the broken connection tells the client.
    response.destroy();
    return;
  }
  sendError(response, error instanceof HttpError ? error : new HttpError(500, generalFailure));
}
