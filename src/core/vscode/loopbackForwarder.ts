import { randomBytes } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from '../errors';
import { startRequest } from '../http/httpRequest';
import { tunnelAuthorizationHeader } from '../platform/tunnel';

export interface ForwardTarget {
  /** Origin of one port of a devbox behind its tunnel. */
  readonly origin: string;
  /** Bearer token of the authenticated tunnel. Secret. */
  readonly tunnelToken: string;
}

const hiddenPrefix = '/runloop-open-';

/**
 * Lets a browser use an authenticated tunnel: browsers cannot send the tunnel's header, so a server on the loopback
 * address adds it, for pages and WebSockets alike.
 *
 * Each target gets a host name of its own below `localhost`. The name cannot be guessed, so other programs and pages
 * of this machine cannot use the forwarder; and cookies, which know no ports, stay apart per devbox.
 */
export class LoopbackForwarder {
  readonly #targets = new Map<string, ForwardTarget>();
  readonly #server = this.#newServer((request) => this.#targetOf(request));
  /** Servers with one target each, for browsers elsewhere. */
  readonly #single = new Map<string, { readonly target: ForwardTarget; readonly server: Promise<http.Server> }>();
  /** Where hidden addresses lead; after the first use without the query. */
  readonly #hidden = new Map<string, string>();
  /** Connections of browsers, with the origin that each leads to by now. */
  readonly #sockets = new Map<Duplex, string | undefined>();
  #listening: Promise<number> | undefined;

  /** The origin under which a browser reaches the target; the same for the same target. */
  async originFor(target: ForwardTarget): Promise<string> {
    const port = await (this.#listening ??= listen(this.#server));
    for (const [label, known] of this.#targets) {
      if (known.origin === target.origin && known.tunnelToken === target.tunnelToken) {
        return `http://${label}.localhost:${port}`;
      }
    }
    const label = `devbox-${randomBytes(16).toString('hex')}`;
    this.#targets.set(label, target);
    return `http://${label}.localhost:${port}`;
  }

  /**
   * A port on 127.0.0.1 that serves the target under whatever host name, for an editor that makes ports of this machine
   * reachable from elsewhere under names of its own choice. The target must ask for a token itself, as VS Code does.
   */
  async singlePortFor(target: ForwardTarget): Promise<number> {
    const key = `${target.origin} ${target.tunnelToken}`;
    let entry = this.#single.get(key);
    if (entry === undefined) {
      const server = this.#newServer(() => (this.#single.has(key) ? target : undefined));
      entry = { target, server: listen(server).then(() => server) };
      this.#single.set(key, entry);
    }
    return ((await entry.server).address() as AddressInfo).port;
  }

  /**
   * An address that leads to `url`, one of this forwarder's, without showing what is in its query. The query is handed out
   * once; later uses lead to the same page with the cookie that the first one brought.
   *
   * @returns undefined for an address that is none of this forwarder's
   */
  hide(url: string): string | undefined {
    const { origin, host, pathname, search } = new URL(url);
    if (this.#targetNamed(host) === undefined) return undefined;
    const path = `${hiddenPrefix}${randomBytes(16).toString('hex')}`;
    this.#hidden.set(path, `${pathname}${search}`);
    return `${origin}${path}`;
  }

  /** Stops serving a target, for example when its devbox is detached: open pages and WebSockets end as well. */
  forget(origin: string): void {
    for (const [label, target] of this.#targets) {
      if (target.origin === origin) this.#targets.delete(label);
    }
    for (const [key, { target, server }] of this.#single) {
      if (target.origin !== origin) continue;
      this.#single.delete(key);
      closeWhenListening(server);
    }
    for (const [socket, leadsTo] of this.#sockets) if (leadsTo === origin) socket.destroy();
  }

  /** Closes the server and every connection through it. */
  dispose(): void {
    this.#targets.clear();
    this.#server.close();
    for (const { server } of this.#single.values()) closeWhenListening(server);
    this.#single.clear();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #newServer(targetOf: (request: http.IncomingMessage) => ForwardTarget | undefined): http.Server {
    const server = http.createServer((request, response) => this.#forward(targetOf(request), request, response));
    server.on('connection', (socket) => {
      this.#sockets.set(socket, undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(targetOf(request), { request, socket, head }));
    return server;
  }

  #targetOf(request: http.IncomingMessage): ForwardTarget | undefined {
    return this.#targetNamed(request.headers.host ?? '');
  }

  #targetNamed(host: string): ForwardTarget | undefined {
    const label = /^([a-z0-9-]+)\.localhost(?::\d+)?$/i.exec(host)?.[1];
    return label === undefined ? undefined : this.#targets.get(label.toLowerCase());
  }

  #upstream(request: http.IncomingMessage, target: ForwardTarget): http.ClientRequest {
    const origin = new URL(target.origin);
    const url = new URL(request.url ?? '/', origin);
    // `//host/…` in a request line would lead elsewhere, with the token.
    if (url.origin !== origin.origin) throw new Error('the path leads to another host');
    return startRequest(url, {
      method: request.method,
      headers: {
        ...request.headers,
        host: origin.host,
        // The editor's server checks that a WebSocket's origin is the host it was asked for.
        ...(request.headers.origin === undefined ? {} : { origin: origin.origin }),
        [tunnelAuthorizationHeader]: `Bearer ${target.tunnelToken}`,
      },
    });
  }

  #forward(target: ForwardTarget | undefined, request: http.IncomingMessage, response: http.ServerResponse): void {
    if (target === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('This window is not attached to that devbox.\n');
      return;
    }
    this.#sockets.set(request.socket, target.origin);
    // The editor's browser adds a query of its own.
    const path = request.url?.split('?')[0] ?? '';
    const hidden = this.#hidden.get(path);
    if (hidden !== undefined) {
      this.#hidden.set(path, new URL(hidden, target.origin).pathname);
      response.writeHead(302, { location: hidden, 'referrer-policy': 'no-referrer' }).end();
      return;
    }
    const embedded = request.headers['sec-fetch-dest'] === 'iframe';
    const fail = (error: unknown): void => {
      if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
      response.end(`The devbox cannot be reached: ${messageOf(error)}\n`);
    };
    try {
      const upstream = this.#upstream(request, target);
      upstream.once('response', (answer) => {
        response.writeHead(
          answer.statusCode ?? 502,
          answer.statusMessage,
          embedded ? forFrame(answer.rawHeaders) : answer.rawHeaders,
        );
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      });
      upstream.once('error', fail);
      response.once('close', () => upstream.destroy());
      request.pipe(upstream);
    } catch (error) {
      fail(error);
    }
  }

  #upgrade(
    target: ForwardTarget | undefined,
    upgrade: { request: http.IncomingMessage; socket: Duplex; head: Buffer },
  ): void {
    const { request, socket, head } = upgrade;
    socket.once('error', () => socket.destroy());
    if (target === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#sockets.set(socket, target.origin);
    const refuse = (): void => {
      socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
    };
    let upstream: http.ClientRequest;
    try {
      upstream = this.#upstream(request, target);
    } catch {
      refuse();
      return;
    }
    upstream.once('error', refuse);
    upstream.once('response', (answer) => {
      // Refused: no upgrade came of it.
      socket.write(responseHead(answer));
      answer.pipe(socket);
    });
    upstream.once('upgrade', (answer, remote, first) => {
      socket.write(responseHead(answer));
      if (first.length > 0) socket.write(first);
      if (head.length > 0) remote.write(head);
      remote.once('error', () => socket.destroy());
      remote.once('close', () => socket.destroy());
      socket.once('close', () => remote.destroy());
      remote.pipe(socket).pipe(remote);
    });
    upstream.end();
  }
}

/**
 * Headers for a page inside another page, as in the editor's own browser: there a browser keeps cookies only if they say
 * that they are meant for it. Other pages cannot use them, as they do not know the host name.
 */
function forFrame(rawHeaders: readonly string[]): string[] {
  return rawHeaders.map((value, index) =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'set-cookie'
      ? `${value.replace(/;\s*(?:samesite=\w+|secure|partitioned)/gi, '')}; SameSite=None; Secure; Partitioned`
      : value,
  );
}

/** Listens on a free port of 127.0.0.1, which does not keep the process alive. */
async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return (server.address() as AddressInfo).port;
}

/** One that could not listen has nothing to close. */
function closeWhenListening(server: Promise<http.Server>): void {
  server.then(
    (listening) => listening.close(),
    () => undefined,
  );
}

/** Status line and headers of an answer, as they came. */
function responseHead(answer: http.IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    lines.push(`${answer.rawHeaders[index] ?? ''}: ${answer.rawHeaders[index + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
