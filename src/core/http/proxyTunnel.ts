import http from 'node:http';
import https from 'node:https';
import { isIP, isIPv6, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../errors';
import { proxyRefusal } from './gatekeepers';

/** Milliseconds that a proxy may take to open a tunnel. */
const tunnelTimeoutMs = 30_000;

/** What a request says beside the rest: agents keep the connections of each proxy apart by it. */
export interface ThroughProxy {
  readonly viaProxy: URL;
  /**
   * Ends the opening of the tunnel. Not called `signal`: Node keeps that from agents, and a request whose connection is not
   * there yet would end with it only when the proxy has answered.
   */
  readonly openUntil: AbortSignal | undefined;
}

type OnConnection = (error: Error | null, socket: Duplex) => void;

/** Connections to secure servers through proxies (`CONNECT`), kept for later requests. */
export class SecureTunnelAgent extends https.Agent {
  constructor() {
    super({ keepAlive: true, scheduling: 'lifo', timeout: 5_000 });
  }

  override getName(options: https.RequestOptions & Partial<ThroughProxy> = {}): string {
    return `${super.getName(options)} ${options.viaProxy?.href ?? ''}`;
  }

  override createConnection(options: https.RequestOptions & ThroughProxy, callback?: OnConnection): undefined {
    openTunnel(options).then(
      (socket) => callback?.(null, connectTls({ ...(options as object), socket })),
      (error: unknown) => callback?.(error instanceof Error ? error : new Error(messageOf(error)), new Socket()),
    );
  }
}

/** The same to plain servers, for what a proxy does not pass on otherwise: WebSockets, none of which is kept. */
export class PlainTunnelAgent extends http.Agent {
  override createConnection(options: http.RequestOptions & ThroughProxy, callback?: OnConnection): undefined {
    openTunnel(options).then(
      (socket) => callback?.(null, socket),
      (error: unknown) => callback?.(error instanceof Error ? error : new Error(messageOf(error)), new Socket()),
    );
  }
}

/** Where a proxy listens, and what it is shown. */
export function proxyEndpoint(proxy: URL): {
  readonly options: https.RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
} {
  const { hostname, port, protocol, username, password } = proxy;
  const user = `${decoded(username)}:${decoded(password)}`;
  const name = hostname.replace(/^\[|\]$/g, '');
  return {
    options: {
      protocol,
      hostname: name,
      // Else Node holds the proxy's certificate against the `Host` header, which names who is behind it. Addresses have no name.
      ...(protocol === 'https:' ? { servername: isIP(name) === 0 ? name : '' } : {}),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : port,
    },
    headers:
      username === '' && password === ''
        ? {}
        : { 'Proxy-Authorization': `Basic ${Buffer.from(user).toString('base64')}` },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign that stands for itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}

async function openTunnel({
  viaProxy: proxy,
  openUntil,
  host,
  port,
}: http.RequestOptions & ThroughProxy): Promise<Duplex> {
  const { options, headers } = proxyEndpoint(proxy);
  const target = `${isIPv6(host ?? '') ? `[${host ?? ''}]` : (host ?? '')}:${port ?? ''}`;
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === 'https:' ? https : http).request({
      ...options,
      method: 'CONNECT',
      path: target,
      headers: { Host: target, ...headers },
      agent: false,
      ...(openUntil === undefined ? {} : { signal: openUntil }),
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`the proxy did not answer within ${tunnelTimeoutMs / 1000} s`)),
      tunnelTimeoutMs,
    );
    request.once('connect', (response, socket, head) => {
      clearTimeout(timer);
      const { statusCode = 0 } = response;
      // Any of the 200s opens it (RFC 9110 §9.3.6).
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(proxyRefusal(statusCode));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(Object.assign(new Error(`the proxy cannot be reached: ${messageOf(error)}`), codeOf(error)));
    });
    request.end();
  });
}

function codeOf(error: Error): { readonly code?: unknown } {
  return 'code' in error ? { code: error.code } : {};
}
