import * as http from 'node:http';
import * as https from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface TestProxyOptions {
  /** `user:password`, if it asks for one. */
  readonly credentials?: string;
  /** Where names lead to: a port of this computer. Everything else is refused. */
  readonly ports: Readonly<Record<string, number>>;
  /** What it says to everything, instead of letting it through. */
  readonly refusal?: number;
  /** With it, it is spoken to in TLS. */
  readonly certificate?: { readonly key: string; readonly cert: string };
}

/** A proxy as companies have them: tunnels by CONNECT, plain requests with whole addresses. */
export class TestProxy {
  /** What was asked of it: a method and a name with a port. */
  readonly asked: string[] = [];
  readonly #options: TestProxyOptions;
  readonly #server: http.Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(options: TestProxyOptions) {
    this.#options = options;
    const onRequest: http.RequestListener = (request, answer) => this.#pass(request, answer);
    const { certificate } = options;
    this.#server =
      certificate === undefined ? http.createServer(onRequest) : https.createServer(certificate, onRequest);
    this.#server.on('connect', (request, socket, head) => this.#tunnel(request, socket, head));
    this.#server.on('connection', (socket) => this.#keep(socket));
  }

  static async start(options: TestProxyOptions): Promise<TestProxy> {
    const proxy = new TestProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its address, as settings and environments have it. */
  address(credentials = this.#options.credentials): string {
    const user = credentials === undefined ? '' : `${credentials}@`;
    return this.#options.certificate === undefined
      ? `http://${user}127.0.0.1:${this.port}`
      : `https://${user}localhost:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** @returns the status of its refusal; undefined if the request may pass */
  #refusal(request: http.IncomingMessage): number | undefined {
    const { credentials, refusal } = this.#options;
    const expected = credentials === undefined ? undefined : `Basic ${btoa(decodeURIComponent(credentials))}`;
    return refusal ?? (request.headers['proxy-authorization'] === expected ? undefined : 407);
  }

  #pass(request: http.IncomingMessage, answer: http.ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://nowhere.invalid');
    this.asked.push(`${request.method ?? ''} ${url.host}`);
    const port = this.#options.ports[url.hostname];
    const refusal = this.#refusal(request) ?? (port === undefined ? 502 : undefined);
    if (refusal !== undefined) {
      answer.writeHead(refusal, { 'proxy-authenticate': 'Basic realm="test"' }).end('no');
      return;
    }
    const onward = http.request(
      { port, path: `${url.pathname}${url.search}`, method: request.method, headers: request.headers },
      (response) => response.pipe(answer.writeHead(response.statusCode ?? 502, response.headers)),
    );
    onward.on('error', () => answer.destroy());
    request.pipe(onward);
  }

  #tunnel(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    this.asked.push(`CONNECT ${request.url ?? ''}`);
    const port = this.#options.ports[(request.url ?? '').replace(/:\d+$/, '')];
    const refusal = this.#refusal(request) ?? (port === undefined ? 502 : undefined);
    if (refusal !== undefined || port === undefined) {
      socket.end(
        `HTTP/1.1 ${refusal ?? 502} No\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    const onward: Socket = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    this.#keep(onward);
    onward.once('close', () => socket.destroy());
    socket.once('close', () => onward.destroy());
  }
}
