import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { Devbox } from '../../devbox/devbox';
import { isResting } from '../../devbox/devboxRecord';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import type { Tunnel } from '../../devbox/tunnel';
import { ApiError } from '../../http/apiError';
import { sameSecret } from '../../../ground/sameSecret';
import { bearerToken, tunnelHeader, tunnelTokens } from '../../http/auth';
import { tunnelHostHeader } from '../../http/hostNames';

/** Headers that are about one connection only and are not passed on. */
const connectionHeaders = ['connection', 'keep-alive', 'proxy-connection'];

/**
 * Finds the devbox behind a tunnel key and checks the caller's right to it.
 * @throws ApiError 404, 401, or 503 while the devbox is on its way up
 */
export function admit(request: IncomingMessage, key: string, devboxes: DevboxRegistry): Devbox {
  const devbox = devboxes.findByTunnelKey(key);
  const tunnel = devbox?.tunnel;
  if (devbox === undefined || tunnel === undefined) {
    throw new ApiError(
      404,
      'tunnel_not_found',
      'There is no tunnel of this name. It ends when it is removed or its devbox ends.',
    );
  }
  if (tunnel.token !== undefined) {
    const { token } = tunnel;
    if (!tunnelTokens(request.headers).some((candidate) => sameSecret(candidate, token))) {
      throw new ApiError(
        401,
        'unauthorized',
        'This tunnel needs its token: send it as X-Runloop-Tunnel-Authorization: Bearer <auth_token>.',
        undefined,
        { 'www-authenticate': 'Bearer' },
      );
    }
  }
  if (devbox.status !== 'running') {
    if (wakes(devbox, tunnel) && isResting(devbox.record)) {
      if (devbox.status === 'suspended') {
        devbox.resume();
      }
      throw new ApiError(
        503,
        'tunnel_service_not_ready',
        `Devbox ${devbox.id} was asleep and wakes up. Ask again in a few seconds; this request was not passed on.`,
        true,
        { 'retry-after': '5' },
      );
    }
    throw new ApiError(
      503,
      'tunnel_service_not_ready',
      `Devbox ${devbox.id} is ${devbox.status}; its tunnel works when it runs.`,
      true,
    );
  }
  if (tunnel.httpKeepAlive) {
    devbox.touch();
  }
  return devbox;
}

/** Whether a request wakes the devbox: what its life cycle says goes before what its tunnel says. */
function wakes(devbox: Devbox, tunnel: Tunnel): boolean {
  const told = z
    .object({ lifecycle: z.object({ resume_triggers: z.object({ http: z.boolean() }) }) })
    .safeParse(devbox.spec.launchParameters);
  return told.success ? told.data.lifecycle.resume_triggers.http : tunnel.wakeOnHttp;
}

/**
 * The request's headers as they go to the devbox: unchanged and in order, without those that were for the tunnel.
 * @param keepConnection also passes the headers on that are about the connection (for upgrades)
 */
export function forwardedHeaders(request: IncomingMessage, devbox: Devbox, keepConnection: boolean): string[] {
  const token = devbox.tunnel?.token;
  // Sent by X-Runloop-Host, Authorization is for the tunnel, unless the tunnel has a header of its own.
  const isForTunnel = request.headers[tunnelHostHeader] !== undefined && request.headers[tunnelHeader] === undefined;
  return filterHeaders(request.rawHeaders, (name, value) => {
    if (
      name === tunnelHeader ||
      name === tunnelHostHeader ||
      (name === 'authorization' && isForTunnel) ||
      (!keepConnection && connectionHeaders.includes(name))
    ) {
      return false;
    }
    // The service behind the tunnel may use Authorization itself; only the tunnel's own token is none of its business.
    const bearer = name === 'authorization' && token !== undefined ? bearerToken(value) : undefined;
    return bearer === undefined || token === undefined || !sameSecret(bearer, token);
  });
}

/** An answer's headers as they go back: unchanged and in order, without those about the connection to the devbox. */
export function returnedHeaders(rawHeaders: readonly string[]): string[] {
  return filterHeaders(rawHeaders, (name) => !connectionHeaders.includes(name));
}

function filterHeaders(raw: readonly string[], keep: (name: string, value: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (keep(name.toLowerCase(), value)) {
      kept.push(name, value);
    }
  }
  return kept;
}
