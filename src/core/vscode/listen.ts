import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for which a port is waited for that the window before this one may still hold. */
const waitMs = 2_000;

/**
 * Listens on 127.0.0.1, which does not keep the process alive.
 *
 * @param wanted a port that browsers know already; another one is taken if it cannot be had
 * @returns the port
 */
export async function listen(server: Server, wanted = 0): Promise<number> {
  // Later trouble of a server that listens, such as too many open files, concerns one connection only.
  server.on('error', () => undefined);
  for (let end = Date.now() + waitMs; wanted !== 0 && Date.now() < end;) {
    if (await tryPort(server, wanted)) return wanted;
    await sleep(100);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.unref();
  return (server.address() as AddressInfo).port;
}

async function tryPort(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const failed = (): void => {
      server.off('listening', listening);
      resolve(false);
    };
    const listening = (): void => {
      server.off('error', failed);
      server.unref();
      resolve(true);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, '127.0.0.1');
  });
}
