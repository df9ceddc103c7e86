import type { Connection, ServerChannel } from 'ssh2';
import type { Devbox } from '../devbox/devbox';
import { platformFolder } from '../sandbox/devboxTools';
import { newFileName } from '../ids';
import { LineSplitter } from '../host/lineSplitter';
import type { SandboxProcess } from '../sandbox/sandbox';
import { joinBridge } from './joinBridge';

/** Forwards that one connection may ask for. */
const mostForwards = 50;

/**
 * Listens inside the devbox, with no more rights than its user has, and says on its output what comes in. Each connection
 * waits until somebody connects to a second socket, in the folder in which the program runs; the two are joined then.
 * Arguments: the name of that socket, then a host and a port, or a path.
 */
const listener = `const net = require('net'), [socketName, host, port] = process.argv.slice(1), waiting = [];
const listening = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (one) => {
  one.on('error', () => one.destroy());
  waiting.push(one);
  console.log('connection ' + (one.remotePort ?? 0));
});
listening.on('error', () => process.exit(1));
const second = net.createServer({ allowHalfOpen: true }, (other) => {
  const one = waiting.shift();
  other.on('error', () => other.destroy());
  if (one === undefined || one.destroyed) { other.destroy(); return; }
  one.on('close', () => other.writableEnded || other.destroy());
  other.on('close', () => one.writableEnded || one.destroy());
  one.pipe(other);
  other.pipe(one);
});
second.listen(socketName, () => listening.listen(...(port === undefined ? [host] : [Number(port), host]), () => console.log('listening ' + (listening.address().port ?? 0))));
process.stdin.resume().on('end', () => { listening.close(); second.close(); process.exit(0); });`;

/** Where a client wants connections from the devbox to begin. */
export type ListenAddress = { readonly bindAddr: string; readonly bindPort: number } | { readonly socketPath: string };

/** What a connection that a listener has taken is answered with. */
type OpenChannel = (peerPort: number, done: (error: Error | undefined, channel: ServerChannel) => void) => void;

/** The forwards from the devbox to the client (`ssh -R`) of one SSH connection. */
export class RemoteForwards {
  readonly #client: Connection;
  readonly #devbox: Devbox;
  readonly #listeners = new Map<string, SandboxProcess>();

  constructor(client: Connection, devbox: Devbox) {
    this.#client = client;
    this.#devbox = devbox;
  }

  /**
   * Begins a forward.
   * @returns the port, which the devbox chooses for port 0; undefined when nothing can listen there
   * @throws DevboxError `wrong_state` when the devbox has no processes
   */
  async add(address: ListenAddress): Promise<number | undefined> {
    if (this.#listeners.size >= mostForwards || this.#listeners.has(keyOf(address))) {
      return undefined;
    }
    const run = this.#devbox.requireRun();
    const socketName = newFileName();
    // As a relative path: without a file system view, an absolute one can be too long for a socket.
    const cwd = `${run.sandbox.prefix}${platformFolder}/terminals`;
    // Whatever address was asked for: only the devbox itself is to connect, as with OpenSSH.
    const words =
      'socketPath' in address ? [run.sandbox.translate(address.socketPath)] : ['127.0.0.1', String(address.bindPort)];
    const program = run.launchNode(['-e', listener, socketName, ...words], cwd);
    this.#listeners.set(keyOf(address), program);
    program.stderr.resume();
    const port = await new Promise<number | undefined>((resolve) => {
      void program.exited.then(() => resolve(undefined));
      let open: OpenChannel | undefined;
      const lines = new LineSplitter((line) => {
        const [word, number] = line.split(' ');
        if (word === 'listening') {
          open = this.#opener(address, Number(number));
          resolve(Number(number));
        } else if (open !== undefined) {
          this.#join(open, Number(number), () => run.launchSocketBridge(socketName, cwd));
        }
      });
      program.stdout.on('data', (chunk: Buffer) => lines.write(chunk));
    });
    if (port === undefined) {
      this.#listeners.delete(keyOf(address));
    } else if ('bindPort' in address && address.bindPort === 0) {
      // From now on the client calls it by the port that it was told.
      this.#listeners.delete(keyOf(address));
      this.#listeners.set(keyOf({ ...address, bindPort: port }), program);
    }
    return port;
  }

  /** Ends a forward. @returns false when there is none */
  remove(address: ListenAddress): boolean {
    const program = this.#listeners.get(keyOf(address));
    program?.stdin?.end();
    return this.#listeners.delete(keyOf(address));
  }

  /** Ends all forwards. */
  dispose(): void {
    for (const program of this.#listeners.values()) {
      program.stdin?.end();
    }
    this.#listeners.clear();
  }

  #opener(address: ListenAddress, port: number): OpenChannel {
    return 'socketPath' in address
      ? (_peerPort, done) => void this.#client.openssh_forwardOutStreamLocal(address.socketPath, done)
      : (peerPort, done) => void this.#client.forwardOut(address.bindAddr, port, '127.0.0.1', peerPort, done);
  }

  #join(open: OpenChannel, peerPort: number, goBehind: () => SandboxProcess): void {
    open(peerPort, (error, channel) => {
      if (this.#devbox.status !== 'running') {
        return;
      }
      const bridge = goBehind();
      bridge.stderr.resume();
      if (error !== undefined) {
        // The connection is taken all the same, to be closed.
        bridge.stdout.once('data', () => bridge.kill('SIGKILL', 'group'));
        return;
      }
      const refused = (): void => void channel.end();
      bridge.stdout.once('end', refused);
      bridge.stdout.once('data', (first: Buffer) => {
        bridge.stdout.removeListener('end', refused);
        joinBridge(channel, bridge, first, () => this.#devbox.touch());
      });
    });
  }
}

function keyOf(address: ListenAddress): string {
  return 'socketPath' in address ? address.socketPath : `${address.bindAddr} ${address.bindPort}`;
}
