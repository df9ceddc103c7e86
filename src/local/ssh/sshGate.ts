import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Devbox } from '../devbox/devbox';
import type { DevboxRegistry } from '../devbox/devboxRegistry';
import { codeOf, messageOf } from '../devbox/errors';
import { selfSigned } from './certificate';
import { sshHostName } from './sshKeys';
import type { SshServer } from './sshServer';

/** A connection that names no devbox within this time is closed, in ms. */
const nameLimit = 20_000;

/** Where SSH comes in: TLS on the platform's port, the devbox found by the server name that the client asks for. */
export class SshGate {
  readonly #devboxes: DevboxRegistry;
  readonly #dataDir: string;
  readonly #say: (line: string) => void;
  readonly #context = createSecureContext(selfSigned('ssh.localhost'));
  #server: Promise<SshServer> | undefined;

  /** @param dataDir where the host key is kept, so that clients see the same one after a restart */
  constructor(devboxes: DevboxRegistry, dataDir: string, say: (line: string) => void) {
    this.#devboxes = devboxes;
    this.#dataDir = dataDir;
    this.#say = say;
  }

  /** Takes a connection that begins like TLS. */
  accept(socket: Socket): void {
    let devbox: Devbox | undefined;
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      SNICallback: (name, done) => {
        devbox = this.#devboxes.living().find(({ id }) => sshHostName(id) === name.toLowerCase());
        done(devbox?.status === 'running' ? null : new Error('There is no running devbox of this name.'), this.#context);
      },
    });
    const giveUp = setTimeout(() => socket.destroy(), nameLimit);
    socket.once('close', () => clearTimeout(giveUp));
    // A client that cannot or will not speak TLS concerns nobody else.
    secure.on('error', () => socket.destroy());
    secure.once('secure', () => {
      clearTimeout(giveUp);
      if (devbox === undefined) {
        secure.destroy();
        return;
      }
      void this.#serve(secure, devbox);
    });
  }

  async #serve(socket: TLSSocket, devbox: Devbox): Promise<void> {
    try {
      this.#server ??= this.#open();
      (await this.#server).serve(socket, devbox);
    } catch (error) {
      this.#say(`SSH to devbox ${devbox.id} failed: ${messageOf(error)}`);
      socket.destroy();
    }
  }

  /** Loads the SSH library on first use: most platforms never need it. */
  async #open(): Promise<SshServer> {
    const { newHostKey, SshServer } = await import('./sshServer');
    const file = join(this.#dataDir, 'ssh_host_key');
    try {
      return new SshServer(await readFile(file, 'utf8'));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        throw error;
      }
    }
    const key = newHostKey();
    await writeFile(file, key, { mode: 0o600 });
    return new SshServer(key);
  }
}
