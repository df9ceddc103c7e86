import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { codeOf, DevboxError } from '../errors';

/** The ports every devbox with an action server uses: an address is only good if both are free on it. */
const usualPorts = [4444, 4445];

/** Addresses that are looked at before one is taken as it is. */
const mostAttempts = 10;

/**
 * Gives each devbox a loopback address of its own in 127.64.0.0/10, so that devboxes can listen on equal ports although
 * they share the host's network.
 */
export class LoopbackAddresses {
  readonly #taken = new Set<string>();

  /**
   * Takes an address on which ports 4444 and 4445 are free. Where something listens on one of them on all addresses, as a
   * devbox can, any will do: nobody is to keep others from starting.
   * @returns the address, and which of the ports are taken on it
   */
  async take(): Promise<{ readonly address: string; readonly taken: readonly number[] }> {
    for (let attempt = 1; ; attempt += 1) {
      const address = `127.${randomInt(64, 128)}.${randomInt(256)}.${randomInt(1, 255)}`;
      if (this.#taken.has(address)) {
        continue;
      }
      this.#taken.add(address);
      const free = await Promise.all(usualPorts.map((port) => isFree(address, port)));
      if (attempt >= mostAttempts || !free.includes(false)) {
        return { address, taken: usualPorts.filter((_, at) => free[at] === false) };
      }
      this.#taken.delete(address);
    }
  }

  /** Gives an address back. */
  release(address: string): void {
    this.#taken.delete(address);
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') {
        resolve(false);
      } else {
        reject(
          new DevboxError('failed', `The loopback address ${host} cannot be used: ${error.message}.`, { cause: error }),
        );
      }
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
