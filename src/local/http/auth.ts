import type { IncomingHttpHeaders } from 'node:http';

/** The tunnel's own header, for callers whose `Authorization` is for the program behind it. */
export const tunnelHeader = 'x-runloop-tunnel-authorization';

/** The token of an `Authorization: Bearer …` style header value, if it is one. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

/** The tokens that a request carries for a tunnel, in either of the two headers. */
export function tunnelTokens(headers: IncomingHttpHeaders): string[] {
  const own = headers[tunnelHeader];
  return [typeof own === 'string' ? own : undefined, headers.authorization]
    .map(bearerToken)
    .filter((token) => token !== undefined);
}
