import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What stands before an editor that runs elsewhere: leads `http://<port>.outside.localhost:<own port>` to that port of
 * this computer, WebSockets included.
 */
export class PortProxy {
  readonly #sockets = new Set<Socket>();
  /** The ports that were asked for. */
  readonly asked = new Set<number>();

  private constructor(readonly server: Server) {
    server.on('connection', (socket) => this.#lead(socket));
  }

  static async start(): Promise<PortProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PortProxy(server);
  }

  /** For the environment variable VSCODE_PROXY_URI. */
  get template(): string {
    return `http://{{port}}.outside.localhost:${(this.server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A connection belongs to one host name, which its first bytes tell. */
  #lead(socket: Socket): void {
    this.#keep(socket);
    socket.once('data', (first) => {
      const port = Number(/^host: (\d+)\.outside\.localhost/im.exec(first.toString('latin1'))?.[1] ?? 0);
      if (port === 0) {
        socket.destroy();
        return;
      }
      this.asked.add(port);
      const target = connect(port, '127.0.0.1');
      this.#keep(target);
      target.write(first);
      socket.pipe(target).pipe(socket);
      socket.once('close', () => target.destroy());
      target.once('close', () => socket.destroy());
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
