import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Connections } from './connections';

/** What is done with the requests that arrive. */
export interface Receiver {
  http1(request: IncomingMessage, response: ServerResponse): void;
  http2(request: Http2ServerRequest, response: Http2ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  tls(socket: Socket): void;
}

/** The first bytes of an HTTP/2 connection; no HTTP/1.1 method begins like it. */
const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** The first byte of a TLS connection; no HTTP method begins like it. */
const tlsHandshake = 0x16;

/** A connection that sends nothing is closed after this time, in milliseconds. */
const silentLimit = 60_000;

/** One TCP port on which HTTP/1.1, HTTP/2 with prior knowledge and TLS are spoken, told apart by their first bytes. */
export class Listener {
  readonly #http1: HttpServer;
  readonly #http2: Http2Server;
  readonly #tcp: Server;
  readonly #connections = new Connections();

  readonly #tls: (socket: Socket) => void;

  constructor(receiver: Receiver) {
    this.#tls = (socket) => receiver.tls(socket);
    this.#http1 = createHttpServer((request, response) => receiver.http1(request, response));
    this.#http1.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      receiver.upgrade(request, socket, head),
    );
    // A streamed upload may take as long as it takes; clients reuse idle connections for up to 30 s.
    this.#http1.requestTimeout = 0;
    this.#http1.keepAliveTimeout = 65_000;
    this.#http2 = createHttp2Server({}, (request, response) => receiver.http2(request, response));
    this.#http2.on('sessionError', () => undefined);
    this.#tcp = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    // One connection that cannot be taken, for want of a descriptor, is that connection's affair.
    this.#tcp.on('error', () => undefined);
  }

  /**
   * Starts listening on 127.0.0.1.
   * @param port 0 picks a free one
   * @returns the port
   * @throws the system's error (`EADDRINUSE`, `EACCES`)
   */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen({ host: '127.0.0.1', port }, () => {
        this.#tcp.removeListener('error', reject);
        const address = this.#tcp.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Takes no new connections and cuts those there are. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    this.#connections.closeAll();
    await closed;
  }

  /** Whoever is behind a connection has shown a key or a token. */
  prove(socket: object): void {
    if ('remotePort' in socket && typeof socket.remotePort === 'number') {
      this.#connections.prove(socket.remotePort);
    }
  }

  /** Hands a connection on that is known to speak HTTP from here on. */
  speak(version: 'http1' | 'http2', socket: Socket): void {
    (version === 'http2' ? this.#http2 : this.#http1).emit('connection', socket);
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    // A connection that breaks before it said anything concerns nobody.
    socket.on('error', ignore);
    const giveUp = setTimeout(() => socket.destroy(), silentLimit);
    socket.once('close', () => clearTimeout(giveUp));
    let seen = Buffer.alloc(0);
    const look = (): void => {
      const chunk: unknown = socket.read();
      if (!Buffer.isBuffer(chunk)) {
        return;
      }
      seen = Buffer.concat([seen, chunk]);
      const compared = Math.min(seen.length, http2Preface.length);
      const maybeHttp2 = seen.subarray(0, compared).equals(http2Preface.subarray(0, compared));
      if (maybeHttp2 && compared < http2Preface.length) {
        return;
      }
      clearTimeout(giveUp);
      socket.removeListener('readable', look);
      socket.unshift(maybeHttp2 ? seen : withoutOffer(seen));
      if (seen[0] === tlsHandshake) {
        this.#tls(socket);
        return;
      }
      this.speak(maybeHttp2 ? 'http2' : 'http1', socket);
    };
    socket.on('readable', look);
  }
}

function ignore(): void {
  // Made once, not for each connection of a flood.
}

/**
 * The first bytes of an HTTP/1.1 connection without the offer to go on as HTTP/2, which some clients make with their
 * first request: a server may pass it over, but Node hands such a request on as if it were a WebSocket's.
 */
function withoutOffer(first: Buffer): Buffer {
  const text = first.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  if (end < 0 || !/\r\nupgrade: *h2c *(?:\r\n|$)/i.test(head)) return first;
  return Buffer.from(
    head.replaceAll(/\r\n(?:upgrade|http2-settings|connection):[^\r]*/gi, '') + text.slice(end),
    'latin1',
  );
}
