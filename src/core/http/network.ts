// The default imports: an editor puts its own functions into these modules, and named imports would not see them.
import http from 'node:http';
import https from 'node:https';
import { environmentProxy } from './environmentProxy';
import { isLoopbackHost, loopbackLookup } from './loopback';
import { PlainTunnelAgent, proxyEndpoint, SecureTunnelAgent, type ThroughProxy } from './proxyTunnel';

/*
 * The one way to the network. This computer itself is always reached directly. Everything else goes the way that the
 * editor's settings say (its proxy and certificates are in the `request` that it has put into Node's modules), or, in
 * plain Node, the environment.
 */

const pooled = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const;
const direct = { http: new http.Agent(pooled), https: new https.Agent(pooled) };
const tunnels = { plain: new PlainTunnelAgent(), secure: new SecureTunnelAgent() };

/** What is asked for at a URL. */
export type RequestDetails = Pick<http.RequestOptions, 'method' | 'path' | 'signal'> & {
  readonly headers?: http.OutgoingHttpHeaders;
  /** Bytes that a new connection holds in either direction before one side has to wait; Node's usual number if absent. */
  readonly highWaterMark?: number;
};

/** Starts a request to `url`, WebSocket handshakes included. @throws RuntimeError for a proxy that cannot be used */
export function startRequest(url: URL, options: RequestDetails): http.ClientRequest {
  const isSecure = url.protocol === 'https:';
  const all = { ...destinationOf(url), ...options };
  if (isLoopbackHost(url.hostname)) {
    // Not `request`: the editor's would ask its proxy for `*.localhost` as well.
    return new http.ClientRequest({ ...all, agent: isSecure ? direct.https : direct.http });
  }
  const client = isSecure ? https : http;
  const proxy = hasEditorsWay() ? undefined : environmentProxy(url);
  if (proxy === undefined) return client.request(all);
  if (isSecure) return client.request(throughProxy(all, tunnels.secure, proxy));
  const headers = new Map(Object.entries(options.headers ?? {}));
  if ([...headers.keys()].some((name) => name.toLowerCase() === 'upgrade')) {
    return client.request(throughProxy(all, tunnels.plain, proxy));
  }
  const endpoint = proxyEndpoint(proxy);
  return (proxy.protocol === 'https:' ? https : http).request({
    ...options,
    ...endpoint.options,
    path: `${url.origin}${all.path ?? '/'}`,
    headers: { host: url.host, ...options.headers, ...endpoint.headers },
  });
}

/** Whether an editor has put its own functions into Node's modules; it keeps Node's own beside them. */
function hasEditorsWay(): boolean {
  return '__vscodeOriginal' in http;
}

function destinationOf(url: URL): http.RequestOptions {
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    ...(/\.localhost\.?$/i.test(url.hostname) ? { lookup: loopbackLookup } : {}),
  };
}

function throughProxy(options: http.RequestOptions, agent: http.Agent, proxy: URL): http.RequestOptions & ThroughProxy {
  return { ...options, agent, viaProxy: proxy, openUntil: options.signal };
}
