import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server of this computer that takes its time. */
export interface Delay {
  readonly url: string;
  /** Requests that have come by, on whatever connection. */
  readonly requests: number;
  /** Breaks all connections; new ones are let through. */
  cut(): void;
  close(): void;
}

/** Carries bytes to a port of this computer and back, each way after so many milliseconds. */
export async function startDelay(port: number, eachWayMs: number): Promise<Delay> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes: Buffer) => {
        if (from === near && /^(?:GET|POST|PUT|DELETE|HEAD) \//.test(bytes.toString('latin1', 0, 16))) requests += 1;
        setTimeout(() => {
          if (!to.destroyed) to.write(bytes);
        }, eachWayMs);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
