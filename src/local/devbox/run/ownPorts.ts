import { lookup } from 'node:dns/promises';
import { type Socket, connect, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ProcessScope } from '../../host/scopeProcesses';
import { ownsSockets } from '../../host/sockets/holders';
import type { Listeners } from '../../host/sockets/listeners';

/** How often a connection is made anew because who listens changed in between. */
const attempts = 3;

/** How long a socket that was found to be somebody else's is not looked at again, in milliseconds. */
const staysForeign = 1_000;

/** What a connection to a port of a devbox fails with when somebody else listens there. */
export const foreignListener = 'EFOREIGN';

/**
 * The ports of a devbox that shares this computer's network with others. Before anything is sent to one, who listens there
 * is proven to be one of its processes: another devbox may have been quicker, and would be told keys and commands. That
 * holds for every address of this computer, not only for the devbox's own.
 */
export class OwnPorts {
  readonly #scope: () => ProcessScope;
  readonly #listeners: Listeners;
  /** Sockets that were proven to be the devbox's. */
  readonly #proven = new Set<string>();
  /** Which of these listened behind an address and port when a connection was made last. */
  readonly #known = new Map<string, string>();
  /** Sockets that were somebody else's, and when that was found out: who asks again and again holds nobody up. */
  readonly #foreign = new Map<string, number>();

  constructor(scope: () => ProcessScope, listeners: Listeners) {
    this.#scope = scope;
    this.#listeners = listeners;
  }

  /**
   * Connects to an address and port.
   * @throws the system's error, with its code, or one with the code of `foreignListener`
   */
  async dial(host: string, port: number): Promise<Socket> {
    const address = canonical(isIP(host) === 0 ? (await lookup(host)).address : host);
    if (isHere(address)) {
      return this.#dialProven(address, port);
    }
    const socket = await dialDirectly(address, port);
    // An address of this computer that no interface has: the kernel answers itself by the very address.
    if (canonical(socket.localAddress ?? '') !== canonical(socket.remoteAddress ?? address)) {
      return socket;
    }
    socket.destroy();
    return this.#dialProven(address, port);
  }

  async #dialProven(address: string, port: number): Promise<Socket> {
    const place = `${address} ${port}`;
    return (await this.#dialKnown(place, address, port)) ?? this.#dialUnknown(place, address, port);
  }

  /**
   * Connects where the devbox was found to listen before. The same sockets before and after are all that has to be proven, and
   * before may be long ago: a socket that has ended never listens again. Nothing is sent before they are found to be the same.
   */
  async #dialKnown(place: string, address: string, port: number): Promise<Socket | undefined> {
    const known = this.#known.get(place);
    if (known === undefined) return undefined;
    const socket = await dialDirectly(address, port).catch(() => undefined);
    if (socket !== undefined && (await this.#listeners.at(address, port)).join() === known) return socket;
    socket?.destroy();
    this.#known.delete(place);
    return undefined;
  }

  async #dialUnknown(place: string, address: string, port: number): Promise<Socket> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const found = await this.#listeners.at(address, port);
      if (found.length === 0) {
        throw Object.assign(new Error(`Nothing listens on ${address}:${port}.`), { code: 'ECONNREFUSED' });
      }
      const foreign = this.#foreignOf(found);
      if (foreign.length > 0) {
        throw Object.assign(
          new Error(`something else than this devbox listens there: ${this.#listeners.nameOf(foreign)}`),
          { code: foreignListener },
        );
      }
      const socket = await dialDirectly(address, port);
      // The same ones before and after: the connection is with one of them.
      if ((await this.#listeners.at(address, port)).join() === found.join()) {
        if (this.#known.size > 1_000) this.#known.clear();
        this.#known.set(place, found.join());
        return socket;
      }
      socket.destroy();
    }
    throw Object.assign(new Error(`Who listens on ${address}:${port} changes all the time.`), { code: 'ECONNREFUSED' });
  }

  /** Those of some sockets that are not the devbox's. */
  #foreignOf(sockets: readonly string[]): readonly string[] {
    const unknown = sockets.filter((inode) => !this.#proven.has(inode));
    if (unknown.length === 0) return [];
    const now = performance.now();
    const lately = unknown.filter((inode) => now - (this.#foreign.get(inode) ?? -Infinity) < staysForeign);
    if (lately.length > 0) return lately;
    const scope = this.#scope();
    if (ownsSockets(scope, unknown)) {
      unknown.forEach((inode) => this.#proven.add(inode));
      return [];
    }
    const foreign = unknown.filter((inode) => !ownsSockets(scope, [inode]));
    if (this.#foreign.size > 1_000) this.#foreign.clear();
    foreign.forEach((inode) => this.#foreign.set(inode, now));
    return foreign;
  }
}

/** An address as the kernel's tables are asked for it: an IPv6 address can be written in many ways, and "every" is loopback. */
function canonical(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  if (written === '::') return '::1';
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? [];
  if (high === undefined || low === undefined) return written;
  const bytes = Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex');
  return canonical([...bytes].join('.'));
}

/** Whether an address is known to be this computer's. */
function isHere(address: string): boolean {
  const bare = address.split('%')[0] ?? '';
  return (
    /^127\.|^::1$/.test(bare) ||
    Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address.split('%')[0] === bare))
  );
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
