import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type Socket, connect } from 'node:net';
import { basename, join } from 'node:path';
import { codeOf, DevboxError } from '../errors';
import { dieWithParent, systemPath } from '../host/hostPrograms';
import { startProgram } from '../host/startProgram';
import { newFileName } from '../ids';
import { type EgressDevbox, egressProxy } from './egressProxy';

/** The longest path of a Unix socket. */
const longestPath = 107;

/** How an egress gateway is built. */
export interface EgressGatewayOptions {
  /** Host folder for its sockets, which no devbox sees. */
  readonly folder: string;
  /** Words in front of a host program that put it into the devbox's network and nothing else. */
  readonly enter: readonly string[];
  /** The words that start the relay, without its arguments. */
  readonly relay: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly subject: Omit<EgressDevbox, 'dial'>;
}

/**
 * The network of a devbox that has none: a relay carries connections between its loopback and the platform, which lets
 * out what the devbox's policy allows and comes in to its ports for tunnels.
 */
export class EgressGateway {
  readonly #plan: EgressGatewayOptions;
  readonly #folder: string;
  readonly #proxy: Server;
  #relay: ChildProcess | undefined;
  #place: FileHandle | undefined;

  constructor(plan: EgressGatewayOptions) {
    this.#plan = plan;
    this.#folder = join(plan.folder, newFileName().slice(0, 8));
    this.#proxy = egressProxy({ ...plan.subject, dial: (port) => this.dial('127.0.0.1', port) });
  }

  /** @throws DevboxError `failed` when it cannot be built */
  async open(): Promise<void> {
    const [outward, inward] = [join(this.#folder, 'o'), join(this.#folder, 'i')];
    if (Buffer.byteLength(inward) > longestPath) {
      throw new DevboxError(
        'failed',
        `The data folder's path is too long for the sockets of a network policy. Give a shorter one with --data-dir.`,
      );
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // Under the name that a socket is given here everybody in its network sees it: the folder is none of their business.
    this.#place = await open(this.#folder);
    const listening = `/proc/self/fd/${this.#place.fd}/${basename(outward)}`;
    await new Promise<void>((resolve, reject) => this.#proxy.once('error', reject).listen(listening, resolve));
    const command = [
      ...dieWithParent(),
      ...this.#plan.enter,
      ...this.#plan.relay,
      ...[outward, inward].map((path) => basename(path)),
    ];
    const [file = '', ...words] = command;
    const relay = startProgram(file, words, {
      env: { PATH: systemPath, ...this.#plan.environment },
      cwd: this.#folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#relay = relay;
    const { stdin, stdout, stderr } = relay;
    if (stdout === null) {
      throw new DevboxError('failed', 'The network of the devbox could not be isolated: its relay has no output.');
    }
    stdin?.on('error', () => undefined);
    let complaint = '';
    stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-500)));
    const ended = once(relay, 'close').then(() => {
      throw new DevboxError(
        'failed',
        `The network of the devbox could not be isolated: ${complaint.trim() || 'the relay ended at once'}.`,
      );
    });
    await Promise.race([once(stdout, 'data'), ended]);
    // From here on its end is what `close` wants.
    ended.catch(() => undefined);
  }

  /**
   * Connects to an address and port as if from inside the devbox.
   * @throws the system's error, with its code
   */
  async dial(host: string, port: number): Promise<Socket> {
    const socket = connect({ path: join(this.#folder, 'i'), allowHalfOpen: true });
    socket.on('error', () => socket.destroy());
    socket.write(`${host} ${port}\n`);
    const line = await answerLine(socket);
    if (line !== 'connected') {
      socket.destroy();
      throw Object.assign(new Error(`${line} ${host}:${port}`), { code: line });
    }
    return socket;
  }

  /** Ends the way in and the way out. */
  async close(): Promise<void> {
    this.#relay?.stdin?.end();
    this.#proxy.closeAllConnections();
    this.#proxy.close();
    await this.#place?.close();
    const relay = this.#relay;
    if (relay?.exitCode === null && relay.signalCode === null) {
      relay.kill('SIGKILL');
      await once(relay, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Reads one line and leaves what comes after it in the socket. */
function answerLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (outcome: string | Error): void => {
      socket.removeListener('readable', onReadable).removeListener('error', settle).removeListener('close', onClose);
      if (typeof outcome === 'string') {
        resolve(outcome);
      } else {
        reject(
          codeOf(outcome) === 'ENOENT'
            ? new DevboxError('wrong_state', 'The devbox has no network any more.')
            : outcome,
        );
      }
    };
    const onClose = (): void => settle(new Error('The connection was closed.'));
    const onReadable = (): void => {
      for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
        seen = Buffer.concat([seen, chunk]);
      }
      const end = seen.indexOf('\n');
      if (end >= 0) {
        socket.unshift(seen.subarray(end + 1));
        settle(seen.toString('latin1', 0, end));
      }
    };
    socket.on('readable', onReadable).on('error', settle).on('close', onClose);
  });
}
