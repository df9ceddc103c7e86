import type { IncomingHttpHeaders } from 'node:http';

/** Whom a request is for, by its Host header. */
export type Destination =
  | { readonly kind: 'api' }
  | { readonly kind: 'tunnel'; readonly port: number; readonly key: string }
  | { readonly kind: 'refused' };

const tunnelName = /^(\d{1,5})-([a-z0-9]+)\.tunnel\.(?:[a-z0-9-]+\.)*localhost$/;
const apiName = /^(?:127\.0\.0\.1|localhost|\[::1\]|api\.(?:[a-z0-9-]+\.)*localhost)$/;

/** The header by which a request that comes to the API's own address says that it is for a tunnel. */
export const tunnelHostHeader = 'x-runloop-host';

/** Whom an HTTP/1.1 request is for: what its `X-Runloop-Host` says goes before its Host header. */
export function destinationOfRequest(headers: IncomingHttpHeaders): Destination {
  const named = headers[tunnelHostHeader];
  const destination = typeof named === 'string' ? destinationOf(named) : undefined;
  return destination?.kind === 'tunnel' ? destination : destinationOf(headers.host);
}

/**
 * Decides by the Host header (with or without a port). Names that are not the platform's own are refused: otherwise a web
 * page could reach the API under a name of its own that it points at this computer.
 */
export function destinationOf(host: string | undefined): Destination {
  const name = (host ?? '').toLowerCase().replace(/:\d+$/, '');
  const tunnel = tunnelName.exec(name);
  if (tunnel !== null) {
    const port = Number(tunnel[1]);
    return port >= 1 && port <= 65_535 ? { kind: 'tunnel', port, key: tunnel[2] ?? '' } : { kind: 'refused' };
  }
  return apiName.test(name) ? { kind: 'api' } : { kind: 'refused' };
}

/**
 * The host name, with the port of the platform, under which a client reaches a tunnel.
 * @param apiHost what the client calls the API
 */
export function tunnelHost(apiHost: string, port: number, key: string): string {
  const domain = apiHost.toLowerCase().startsWith('api.')
    ? apiHost.slice('api.'.length)
    : `localhost${/:\d+$/.exec(apiHost)?.[0] ?? ''}`;
  return `${port}-${key}.tunnel.${domain}`;
}
