import { Agent, createServer } from 'node:http';
import { connect, createServer as createPipe, type AddressInfo, type Server } from 'node:net';
import { LoopbackForwarder } from '../../src/core/vscode/loopbackForwarder';
import { median } from './bench';
import { get, type Target } from './httpGet';

const bodyBytes = 256 * 2 ** 20;
const rounds = 5;

/** Megabytes a second of a large answer through the forwarder, and through a bare pipe of Node in its place. */
export async function forwarderThroughput(): Promise<{ readonly forwarder: number; readonly pipe: number }> {
  const part = Buffer.alloc(64 * 1024, 1);
  const service = createServer((_request, response) => {
    let left = bodyBytes / part.length;
    const more = (): void => {
      while (left > 0) {
        left -= 1;
        if (!response.write(part)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  const port = await listening(service);
  const pipe = createPipe((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    near.pipe(far).pipe(near);
  });
  const forwarder = new LoopbackForwarder();
  try {
    const entrance = new URL(
      await forwarder.originFor('bench', { origin: `http://127.0.0.1:${port}`, tunnelToken: 'a token' }),
    );
    const target = (of: number, host: string): Target => ({
      host: '127.0.0.1',
      port: of,
      headers: { host },
      agent: new Agent({ keepAlive: true }),
    });
    const targets = {
      forwarder: target(Number(entrance.port), entrance.host),
      pipe: target(await listening(pipe), 'localhost'),
    };
    const speeds = { forwarder: [] as number[], pipe: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      for (const name of ['forwarder', 'pipe'] as const) {
        const { bytes, ms } = await get(targets[name], '/big');
        if (bytes !== bodyBytes) throw new Error(`${name} brought ${bytes} bytes`);
        // The first round finds everything cold.
        if (round > 0) speeds[name].push(bytes / 1e6 / (ms / 1_000));
      }
    }
    for (const { agent } of Object.values(targets)) agent.destroy();
    return { forwarder: median(speeds.forwarder), pipe: median(speeds.pipe) };
  } finally {
    forwarder.dispose();
    pipe.close();
    service.closeAllConnections();
    service.close();
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
