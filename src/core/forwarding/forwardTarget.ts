import type * as http from 'node:http';
import { isLoopbackHost } from '../http/loopback';
import { startRequest } from '../http/network';
import { tunnelAuthorizationHeader } from '../platform/tunnel';

/** Where a forwarder leads to. */
export interface ForwardTarget {
  /** Origin of one port of a devbox behind its tunnel. */
  readonly origin: string;
  /** Bearer token of the authenticated tunnel; undefined for an open one. Secret. */
  readonly tunnelToken: string | undefined;
}

/**
 * Bytes that each side of a connection holds before the other one has to wait. With Node's usual number, less than what is
 * read at a time, every read stops the other side.
 */
export const heldBytes = 256 * 1024;

/** Headers that belong to one connection, not to what is carried over it. */
const ofOneConnection = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'upgrade'];

/**
 * Asks the target what a browser asked the forwarder, with the tunnel's token.
 *
 * @param options.isUpgrade the browser wants another protocol on this connection, such as a WebSocket
 * @param options.ownOrigin the only one that is told to the devbox as its own; without it, every one is
 * @throws Error if what was asked for cannot be sent on, or would lead elsewhere
 */
export function startUpstream(
  target: ForwardTarget,
  request: http.IncomingMessage,
  { isUpgrade, ownOrigin }: { readonly isUpgrade: boolean; readonly ownOrigin?: string | undefined },
): http.ClientRequest {
  const origin = new URL(target.origin);
  const path = request.url ?? '/';
  // `//host/…` and `http://host/…` in a request line name another host, which the token must not reach.
  if (!/^\/(?![/\\])/.test(path) || new URL(path, origin).origin !== origin.origin) {
    throw new Error('the path leads to another host');
  }
  const headers: http.OutgoingHttpHeaders = { ...request.headers };
  const named = (request.headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  // The editor's server has answered `expect` by itself.
  for (const name of [...ofOneConnection, ...named, 'expect', tunnelAuthorizationHeader.toLowerCase()]) {
    Reflect.deleteProperty(headers, name);
  }
  if (isUpgrade) Object.assign(headers, { connection: 'Upgrade', upgrade: request.headers.upgrade });
  headers['host'] = origin.host;
  // Servers check that a WebSocket's origin is the host they were asked for.
  const page = request.headers.origin;
  if (page !== undefined && (ownOrigin === undefined || page === ownOrigin)) headers['origin'] = origin.origin;
  if (target.tunnelToken !== undefined) headers[tunnelAuthorizationHeader] = `Bearer ${target.tunnelToken}`;
  // The path goes as it came: what a devbox is asked for is its own affair.
  return startRequest(origin, { method: request.method, path, headers, highWaterMark: heldBytes });
}

/** Whether an answer is that of a proxy on the way: it has not come through the devbox's encryption. */
export function isProxys(target: ForwardTarget, answer: http.IncomingMessage): boolean {
  const { protocol, hostname } = new URL(target.origin);
  return protocol === 'https:' && !isLoopbackHost(hostname) && !('encrypted' in answer.socket);
}
