import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a proxy knows of one connection through it. */
interface Way {
  readonly from: Socket;
  readonly onward: Socket;
  /** First line of the latest request. */
  latest: string;
}

/** A way to the platform whose connections can be cut, and on which requests can be held back or refused. */
export class CutProxy {
  readonly #server: Server;
  readonly #ways = new Set<Way>();
  readonly #lines: string[] = [];
  #held: RegExp | undefined;
  #released: (() => void)[] = [];
  /** Connections on which such a request comes are cut. */
  refused: RegExp | undefined;
  /** What is done before a request goes on; it waits for it. */
  before: (request: string) => Promise<unknown> | undefined = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<CutProxy> {
    const server = createServer();
    const proxy = new CutProxy(server);
    server.on('connection', (from) => proxy.#join(from, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many such requests have come. */
  asked(request: RegExp): number {
    return this.#lines.filter((line) => request.test(line)).length;
  }

  /** Cuts the connections whose latest request is such a one. */
  cut(request = /^/): void {
    for (const { from, latest } of this.#ways) if (request.test(latest)) from.destroy();
  }

  /** Keeps such requests until {@link release}. */
  hold(request: RegExp): void {
    this.#held = request;
  }

  release(): void {
    this.#held = undefined;
    for (const go of this.#released.splice(0)) go();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }

  #join(from: Socket, onward: Socket): void {
    const way: Way = { from, onward, latest: '' };
    this.#ways.add(way);
    for (const one of [from, onward]) {
      one.on('error', () => undefined);
      one.once('close', () => {
        this.#ways.delete(way);
        from.destroy();
        onward.destroy();
      });
    }
    from.on('data', (bytes: Buffer) => {
      const [line] = /^(?:GET|POST) \S+/.exec(bytes.toString('latin1')) ?? [];
      if (line !== undefined) {
        way.latest = line;
        this.#lines.push(line);
        if (this.refused?.test(line) === true) {
          from.destroy();
          return;
        }
      }
      const done = line === undefined ? undefined : this.before(line);
      if (line !== undefined && this.#held?.test(line) === true) {
        this.#released.push(() => onward.write(bytes));
      } else if (done === undefined) {
        onward.write(bytes);
      } else {
        done.then(
          () => onward.write(bytes),
          () => from.destroy(),
        );
      }
    });
    onward.pipe(from);
  }
}
