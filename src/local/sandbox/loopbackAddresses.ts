import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { codeOf, DevboxError } from '../errors';

/** The ports every devbox with an action server uses: an address is only good if both are free on it. */
const usualPorts = [4444, 4445];

/**
 * Gives each devbox a loopback address of its own in 127.64.0.0/10, so that devboxes can listen on equal ports although
 * they share the host's network.
 */
export class LoopbackAddresses {
  readonly #taken = new Set<string>();

  /**
   * Takes an address on which ports 4444 and 4445 are free.
   * @throws DevboxError `failed` if none is found in 50 tries.
   */
  async take(): Promise<string> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const address = `127.${randomInt(64, 128)}.${randomInt(256)}.${randomInt(1, 255)}`;
      if (this.#taken.has(address)) {
        continue;
      }
      this.#taken.add(address);
      const free = await Promise.all(usualPorts.map((port) => isFree(address, port)));
      if (!free.includes(false)) {
        return address;
      }
      this.#taken.delete(address);
    }
    throw new DevboxError(
      'failed',
      'No loopback address with free ports 4444 and 4445 was found. End the program that listens on these ports on all addresses.',
    );
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
