import type { TLSSocket } from 'node:tls';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Devbox } from '../devbox/devbox';
import type { DevboxRegistry } from '../devbox/devboxRegistry';
import { codeOf, messageOf } from '../errors';
import { sshHostName } from './sshKeys';
import type { SshServer } from './sshServer';

/** Where SSH comes in: connections that have asked by TLS for the name of a devbox. */
export class SshGate {
  readonly #devboxes: DevboxRegistry;
  readonly #dataDir: string;
  readonly #logLine: (line: string) => void;
  #server: Promise<SshServer> | undefined;

  /** @param dataDir where the host key is kept, so that clients see the same one after a restart */
  constructor(devboxes: DevboxRegistry, dataDir: string, logLine: (line: string) => void) {
    this.#devboxes = devboxes;
    this.#dataDir = dataDir;
    this.#logLine = logLine;
  }

  /** The running devbox whose SSH host name this is. */
  find(name: string): Devbox | undefined {
    const devbox = this.#devboxes.living().find(({ id }) => sshHostName(id) === name);
    return devbox?.status === 'running' ? devbox : undefined;
  }

  /** Speaks SSH on a connection. */
  async serve(socket: TLSSocket, devbox: Devbox): Promise<void> {
    try {
      this.#server ??= this.#open();
      (await this.#server).serve(socket, devbox);
    } catch (error) {
      this.#logLine(`SSH to devbox ${devbox.id} failed: ${messageOf(error)}`);
      socket.destroy();
    }
  }

  /** Loads the SSH library on first use: most platforms never need it. */
  async #open(): Promise<SshServer> {
    const { isHostKey, newHostKey, SshServer } = await import('./sshServer');
    const file = join(this.#dataDir, 'ssh_host_key');
    try {
      const kept = await readFile(file, 'utf8');
      if (isHostKey(kept)) return new SshServer(kept, this.#logLine);
      this.#logLine(
        'The SSH host key in the data folder cannot be read. It is replaced; SSH clients will ask whether to trust the new one.',
      );
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        throw error;
      }
    }
    const key = newHostKey();
    await writeFile(file, key, { mode: 0o600 });
    return new SshServer(key, this.#logLine);
  }
}
