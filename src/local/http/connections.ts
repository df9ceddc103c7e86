import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Connections at most that have not shown a key, a token or the name of a tunnel. */
const mostUnproven = 512;

/** Descriptors that connections leave to everything else: programs, files, and what answers. */
const reserve = 1_024;

/** The connections of a server, of which those that have proven nothing make room for others. */
export class Connections {
  readonly #all = new Set<Socket>();
  /** Oldest first. */
  readonly #unproven = new Map<number, Socket>();
  readonly #most: number;
  readonly #mostUnproven: number;

  constructor(descriptors = descriptorLimit()) {
    this.#most = Math.max(16, descriptors - Math.min(reserve, descriptors / 2));
    this.#mostUnproven = Math.min(mostUnproven, this.#most / 2);
  }

  /** Takes a new connection; closes the oldest one that has proven nothing where there are too many, or else the new one. */
  add(socket: Socket): void {
    const port = socket.remotePort;
    if (port === undefined || (this.#all.size >= this.#most && !this.#dropOldest())) {
      socket.destroy();
      return;
    }
    this.#all.add(socket);
    this.#unproven.set(port, socket);
    socket.once('close', () => {
      this.#all.delete(socket);
      if (this.#unproven.get(port) === socket) {
        this.#unproven.delete(port);
      }
    });
    if (this.#unproven.size > this.#mostUnproven) {
      this.#dropOldest();
    }
  }

  /** Whoever is behind a connection has a right to it. @param port of the other side, by which it is known */
  prove(port: number | undefined): void {
    if (port !== undefined) {
      this.#unproven.delete(port);
    }
  }

  /** Closes all of them. */
  closeAll(): void {
    for (const socket of this.#all) {
      socket.destroy();
    }
  }

  #dropOldest(): boolean {
    for (const [port, socket] of this.#unproven) {
      this.#unproven.delete(port);
      socket.destroy();
      return true;
    }
    return false;
  }
}

/** How many files this process may have open. */
function descriptorLimit(): number {
  const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return limit === undefined ? 1_024 : Number(limit);
}
