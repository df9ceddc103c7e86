import { randomBytes } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from './errors';
import { startRequest } from './httpRequest';
import { tunnelAuthorizationHeader } from './platform/tunnel';

export interface ForwardTarget {
  /** Origin of one port of a devbox behind its tunnel. */
  readonly origin: string;
  /** Bearer token of the authenticated tunnel. Secret. */
  readonly tunnelToken: string;
}

/**
 * Lets a browser use an authenticated tunnel: browsers cannot send the tunnel's header, so a server on the loopback
 * address adds it, for pages and WebSockets alike.
 *
 * Each target gets a host name of its own below `localhost`. The name cannot be guessed, so other programs and pages
 * of this machine cannot use the forwarder; and cookies, which know no ports, stay apart per devbox.
 */
export class LoopbackForwarder {
  readonly #targets = new Map<string, ForwardTarget>();
  readonly #server = http.createServer((request, response) => this.#forward(request, response));
  readonly #sockets = new Set<Duplex>();
  #listening: Promise<number> | undefined;

  constructor() {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** The origin under which a browser reaches the target; the same for the same target. */
  async originFor(target: ForwardTarget): Promise<string> {
    const port = await (this.#listening ??= this.#listen());
    for (const [label, known] of this.#targets) {
      if (known.origin === target.origin && known.tunnelToken === target.tunnelToken) {
        return `http://${label}.localhost:${port}`;
      }
    }
    const label = `devbox-${randomBytes(16).toString('hex')}`;
    this.#targets.set(label, target);
    return `http://${label}.localhost:${port}`;
  }

  /** Stops serving a target, for example when its devbox is detached. */
  forget(origin: string): void {
    for (const [label, target] of this.#targets) {
      if (target.origin === origin) this.#targets.delete(label);
    }
  }

  /** Closes the server and every connection through it. */
  dispose(): void {
    this.#targets.clear();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#server.unref();
    return (this.#server.address() as AddressInfo).port;
  }

  #targetOf(request: http.IncomingMessage): ForwardTarget | undefined {
    const label = /^([a-z0-9-]+)\.localhost(?::\d+)?$/i.exec(request.headers.host ?? '')?.[1];
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

  #forward(request: http.IncomingMessage, response: http.ServerResponse): void {
    const target = this.#targetOf(request);
    if (target === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('This window is not attached to that devbox.\n');
      return;
    }
    const fail = (error: unknown): void => {
      if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
      response.end(`The devbox cannot be reached: ${messageOf(error)}\n`);
    };
    try {
      const upstream = this.#upstream(request, target);
      upstream.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
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

  #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    const target = this.#targetOf(request);
    socket.once('error', () => socket.destroy());
    if (target === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
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

/** Status line and headers of an answer, as they came. */
function responseHead(answer: http.IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    lines.push(`${answer.rawHeaders[index] ?? ''}: ${answer.rawHeaders[index + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
