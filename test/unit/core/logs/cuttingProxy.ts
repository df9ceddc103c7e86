import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Numbers from 0 to below 1, the same ones for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface CuttingProxy {
  readonly url: string;
  /** Connections that it has cut so far. */
  cuts(): number;
  /** Answers refused with 429 so far. */
  refusals(): number;
  /** Requests so far whose path has this in it. */
  requests(part?: string): number;
  /** Bytes that went to the client. */
  bytes(): number;
  /** Where new connections go from now on. */
  target(url: string): void;
  close(): Promise<void>;
}

/**
 * Real sockets between a client and the platform. Cuts a connection after a number of bytes that `cutAfter` gives
 * (undefined: leave it whole), refuses a connection with 429 where `refuse` says so, and answers 404 for paths with `hide`
 * in them, as a platform that has no such endpoint. Streams that have been quiet for `quietMs` are ended properly, as
 * servers do that do not wait for ever.
 */
export async function startCuttingProxy(
  target: string,
  options: {
    readonly cutAfter?: () => number | undefined;
    readonly refuse?: () => boolean;
    readonly hide?: string;
    readonly quietMs?: number;
  } = {},
): Promise<CuttingProxy> {
  let goal = new URL(target);
  let cuts = 0;
  let refusals = 0;
  let bytes = 0;
  const paths: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    client.on('error', () => client.destroy());
    if (options.refuse?.() === true) {
      refusals += 1;
      client.once('data', () =>
        client.end(
          'HTTP/1.1 429 Too Many Requests\r\nretry-after: 0.01\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
        ),
      );
      return;
    }
    const upstream = connect(Number(goal.port), goal.hostname);
    sockets.add(upstream);
    let left = options.cutAfter?.();
    let isStream = false;
    let quiet: NodeJS.Timeout | undefined;
    client.on('data', (chunk: Buffer) => {
      const { hide } = options;
      const path = /^[A-Z]+ (\S+) HTTP/.exec(chunk.toString('latin1'))?.[1] ?? '';
      if (path !== '') paths.push(path);
      isStream = /\/logs\/tail|\/stream_/.test(path);
      if (hide === undefined || !chunk.includes(hide)) upstream.write(chunk);
      else client.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
    client.on('end', () => upstream.end());
    upstream.on('data', (chunk: Buffer) => {
      clearTimeout(quiet);
      // Only what has begun can be ended properly.
      if (isStream && options.quietMs !== undefined) {
        quiet = setTimeout(() => {
          upstream.destroy();
          client.end('0\r\n\r\n');
        }, options.quietMs);
      }
      bytes += chunk.length;
      if (left !== undefined && chunk.length >= left) {
        cuts += 1;
        client.write(chunk.subarray(0, left), () => client.resetAndDestroy());
        upstream.destroy();
        left = undefined;
        return;
      }
      if (left !== undefined) left -= chunk.length;
      if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
    upstream.on('end', () => client.end());
    upstream.on('close', () => {
      sockets.delete(upstream);
      if (!client.writableEnded) client.end();
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => {
      clearTimeout(quiet);
      upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    refusals: () => refusals,
    requests: (part = '') => paths.filter((path) => path.includes(part)).length,
    bytes: () => bytes,
    target: (url) => {
      goal = new URL(url);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
