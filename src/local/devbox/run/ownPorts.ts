import { lookup } from 'node:dns/promises';
import { type Socket, connect, isIP } from 'node:net';
import { listenersAt, ownsSockets } from '../../host/listeners';
import type { ProcessScope } from '../../host/processTable';

/** How often a connection is made anew because who listens changed in between. */
const attempts = 3;

/** What a connection to a port of a devbox fails with when somebody else listens there. */
export const foreignListener = 'EFOREIGN';

/**
 * The ports of a devbox that shares this computer's network with others. Before anything is sent to one, who listens there
 * is proven to be one of its processes: another devbox may have been quicker, and would be told keys and commands.
 */
export class OwnPorts {
  readonly #scope: () => ProcessScope;
  /** Sockets that were proven to be the devbox's. */
  readonly #proven = new Set<string>();

  constructor(scope: () => ProcessScope) {
    this.#scope = scope;
  }

  /**
   * Connects to an address and port.
   * @throws the system's error, with its code, or one with the code of `foreignListener`
   */
  async dial(host: string, port: number): Promise<Socket> {
    const address = canonical(isIP(host) === 0 ? (await lookup(host)).address : host);
    if (!isLoopback(address)) {
      return dialDirectly(address, port);
    }
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const listeners = listenersAt(address, port);
      if (listeners.length === 0) {
        throw Object.assign(new Error(`Nothing listens on ${address}:${port}.`), { code: 'ECONNREFUSED' });
      }
      if (!this.#areOwn(listeners)) {
        throw Object.assign(
          new Error(
            `something else than this devbox listens there: another devbox or a program of this computer has taken port ${port} on all addresses`,
          ),
          { code: foreignListener },
        );
      }
      const socket = await dialDirectly(address, port);
      // The same ones before and after: the connection is with one of them.
      if (listenersAt(address, port).join() === listeners.join()) {
        return socket;
      }
      socket.destroy();
    }
    throw Object.assign(new Error(`Who listens on ${address}:${port} changes all the time.`), { code: 'ECONNREFUSED' });
  }

  #areOwn(listeners: readonly string[]): boolean {
    const unknown = listeners.filter((inode) => !this.#proven.has(inode));
    if (unknown.length > 0) {
      if (!ownsSockets(this.#scope(), unknown)) {
        return false;
      }
      unknown.forEach((inode) => this.#proven.add(inode));
    }
    return true;
  }
}

/** An address as the kernel's tables are asked for it: an IPv6 address can be written in many ways. */
function canonical(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? [];
  if (high === undefined || low === undefined) return written;
  const bytes = Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex');
  return [...bytes].join('.');
}

function isLoopback(address: string): boolean {
  return /^(?:127\.|0\.0\.0\.0$)|^::1?$/.test(address);
}

function dialDirectly(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    // Stays: between here and whoever takes the connection it may break.
    socket.on('error', (error) => {
      reject(error);
      socket.destroy();
    });
    socket.once('connect', () => resolve(socket));
  });
}
