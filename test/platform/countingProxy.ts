import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../src/ground/deadline';

/** Stands before a platform, counts what is asked of it, and lets a test do something before a chosen request. */
export class CountingProxy {
  readonly #server: Server;
  #count = 0;
  /** What is done before the answer to a request that is counted from 1; it may take as long as it needs. */
  before: (count: number, path: string) => Promise<void> | void = () => undefined;
  /** What is done when the platform has answered a request, before that is told; where it fails, the answer is lost. */
  answered: (count: number, path: string) => Promise<void> | void = () => undefined;
  /** Paths that were asked for since the last {@link reset}. */
  readonly paths: string[] = [];
  /** Connections of whoever asks, and bytes of those that have ended, in both directions. */
  readonly #sockets = new Set<Socket>();
  #endedBytes = 0;
  #bytesBefore = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: string): Promise<CountingProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    const proxy = new CountingProxy(server);
    server.on('connection', (socket) => {
      proxy.#sockets.add(socket);
      socket.on('close', () => {
        proxy.#sockets.delete(socket);
        proxy.#endedBytes += bytesOf(socket);
      });
    });
    server.on('request', (incoming, answer) => {
      proxy.#count += 1;
      proxy.paths.push(incoming.url ?? '');
      const [count, path] = [proxy.#count, incoming.url ?? ''];
      const passBack = async (answered: IncomingMessage): Promise<void> => {
        await proxy.answered(count, path);
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      };
      const passOn = async (): Promise<void> => {
        await proxy.before(count, path);
        const { method, url, headers } = incoming;
        const outgoing = request({ hostname, port, method, path: url, headers }, (answered) => {
          passBack(answered).catch(() => answer.destroy());
        });
        outgoing.on('error', () => answer.destroy());
        answer.on('close', () => outgoing.destroy());
        incoming.pipe(outgoing);
      };
      passOn().catch((error: unknown) => answer.destroy(error instanceof Error ? error : new Error(String(error))));
    });
    server.on('upgrade', (incoming, socket, head) => {
      proxy.#count += 1;
      proxy.paths.push(incoming.url ?? '');
      const passOn = async (): Promise<void> => {
        await proxy.before(proxy.#count, incoming.url ?? '');
        const onward = connect(Number(port), hostname);
        const end = (): void => {
          socket.destroy();
          onward.destroy();
        };
        for (const one of [socket, onward]) one.on('error', end).on('close', end);
        const lines = incoming.rawHeaders.map((text, index) => (index % 2 === 0 ? `\r\n${text}: ` : text));
        onward.write(`GET ${incoming.url ?? ''} HTTP/1.1${lines.join('')}\r\n\r\n`);
        onward.write(head);
        socket.pipe(onward).pipe(socket);
      };
      passOn().catch(() => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests since the last {@link reset}. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of all connections since the last {@link reset}, there and back: with the heads of requests, as they are on the wire. */
  get bytes(): number {
    return this.#allBytes() - this.#bytesBefore;
  }

  #allBytes(): number {
    return [...this.#sockets].reduce((all, socket) => all + bytesOf(socket), this.#endedBytes);
  }

  /** Waits until nothing was asked for a while. @param quietMs milliseconds of that at the least */
  async quiet(quietMs: number): Promise<void> {
    const limit = deadline(60_000);
    const pauseMs = 10;
    // By many turns, not by one pause: on a busy computer this process is late, and its timer comes before what its sockets
    // have for it.
    for (let [quiet, seen] = [0, this.#count]; quiet * pauseMs < quietMs; quiet += 1) {
      limit.throwIfAborted();
      await sleep(pauseMs);
      await nextTurn();
      if (this.#count !== seen) [quiet, seen] = [-1, this.#count];
    }
  }

  reset(): void {
    this.#count = 0;
    this.#bytesBefore = this.#allBytes();
    this.before = () => undefined;
    this.answered = () => undefined;
    this.paths.length = 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
