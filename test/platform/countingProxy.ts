import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a platform, counts what is asked of it, and lets a test do something before a chosen request. */
export class CountingProxy {
  readonly #server: Server;
  #count = 0;
  /** What is done before the answer to a request that is counted from 1; it may take as long as it needs. */
  before: (count: number, path: string) => Promise<void> | void = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: string): Promise<CountingProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    const proxy = new CountingProxy(server);
    server.on('request', (incoming, answer) => {
      proxy.#count += 1;
      const passOn = async (): Promise<void> => {
        await proxy.before(proxy.#count, incoming.url ?? '');
        const { method, url, headers } = incoming;
        const outgoing = request({ hostname, port, method, path: url, headers }, (answered) => {
          answer.writeHead(answered.statusCode ?? 502, answered.headers);
          answered.pipe(answer);
        });
        outgoing.on('error', () => answer.destroy());
        answer.on('close', () => outgoing.destroy());
        incoming.pipe(outgoing);
      };
      passOn().catch((error: unknown) => answer.destroy(error instanceof Error ? error : new Error(String(error))));
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

  reset(): void {
    this.#count = 0;
    this.before = () => undefined;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
