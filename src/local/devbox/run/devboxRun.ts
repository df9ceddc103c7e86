import type { Socket } from 'node:net';
import { EgressGateway } from '../../network/egressGateway';
import type { DevboxLog, LogEntry } from '../devboxLog';
import { devboxEnvironment, packageVariables } from './environment';
import type { DevboxTools } from '../../sandbox/devboxTools';
import { DevboxError } from '../../errors';
import { LineSplitter } from '../../host/lineSplitter';
import { closePipes } from '../../host/pipes';
import type { Listeners } from '../../host/sockets/listeners';
import type { LoopbackAddresses } from '../../sandbox/loopbackAddresses';
import type { EgressGatewayContext } from '../accountResources';
import type { ExitStatus, Sandbox, SandboxCommand, SandboxProcess } from '../../sandbox/sandbox';
import type { DevboxSpec } from '../spec';
import { OwnPorts } from './ownPorts';
import { type DevboxUser, homeOf, root } from '../../sandbox/users';

/** How long output is waited for after a command has ended while something it left behind still holds its output. */
const outputGrace = 100;

const socketBridge = `const socket = require('net').connect({ path: process.argv[1], allowHalfOpen: true });
socket.on('connect', () => { process.stdout.write('+'); process.stdin.pipe(socket); socket.pipe(process.stdout); });
socket.on('end', () => process.stdout.end());
socket.on('error', () => process.exit(1));
process.stdout.on('error', () => process.exit(1));
socket.on('close', () => process.exit(0));`;

/** What one run needs from its devbox. */
export interface RunContext {
  readonly sandbox: Sandbox;
  readonly spec: DevboxSpec;
  readonly log: DevboxLog;
  readonly tools: DevboxTools;
  readonly addresses: LoopbackAddresses;
  readonly listeners: Listeners;
  readonly gateway: EgressGatewayContext;
  /** Where commands begin; the home folder unless it is said. */
  readonly folder?: string | undefined;
}

/** One stretch of a devbox's life: its processes between a start (or a resume) and the next suspend, or its end. */
export class DevboxRun {
  readonly sandbox: Sandbox;
  readonly #context: RunContext;
  readonly #outputs = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #address = '';
  #gateway: EgressGateway | undefined;
  readonly #ports: OwnPorts;
  #environment: Readonly<Record<string, string>> = {};
  #user = root;

  constructor(context: RunContext) {
    this.sandbox = context.sandbox;
    this.#context = context;
    this.#ports = new OwnPorts(() => this.sandbox.scope, context.listeners);
  }

  /** The whole environment of the devbox's commands. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  /** Whose its commands are unless it is said. */
  get user(): DevboxUser {
    return this.#user;
  }

  /** The loopback address on which the devbox's services listen; empty before and after the run. */
  get address(): string {
    return this.#address;
  }

  /** Where commands begin. */
  get #begin(): string {
    const { folder, spec } = this.#context;
    return this.sandbox.prefix + (folder ?? spec.home);
  }

  /** Aborts as soon as the run is to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Builds the sandbox.
   * @param secrets values of account secrets, by variable
   * @param user whose its commands are unless it is said
   * @throws DevboxError `failed` when that cannot be done
   */
  async open(secrets: Readonly<Record<string, string>>, user: DevboxUser): Promise<void> {
    const { spec, tools, addresses } = this.#context;
    this.#user = user;
    this.signal.throwIfAborted();
    const { address, taken } = await addresses.take();
    this.#address = address;
    if (taken.length > 0) {
      const message = `Port ${taken.join(' and ')} is taken on every address of this computer: something listens on it on 0.0.0.0. What listens there in this devbox cannot be reached until that ends.`;
      this.#context.log.append({ source: 'setup_commands', level: 'warning', message });
    }
    this.#environment = devboxEnvironment({ spec, secrets, sandbox: this.sandbox, tools, address: this.#address });
    this.signal.throwIfAborted();
    await this.sandbox.start(this.signal);
    if (spec.network?.isolatedNetwork === true) {
      await this.#openGateway(spec.network.policyId);
    }
  }

  /**
   * Connects to an address and port as if from inside the devbox.
   * @param host the devbox's own address unless it is said
   * @throws the system's error, with its code
   */
  dial(port: number, host = this.#address): Promise<Socket> {
    return this.#gateway === undefined ? this.#ports.dial(host, port) : this.#gateway.dial(host, port);
  }

  /**
   * Starts a program, by default with the devbox's environment in its home folder.
   * @param command `argv` as the devbox sees it; an environment is put over the devbox's own
   * @throws DevboxError `wrong_state` when the run is over
   */
  launch(command: Pick<SandboxCommand, 'argv'> & Partial<SandboxCommand>): SandboxProcess {
    const cwd = this.#begin;
    return this.sandbox.run({
      cwd,
      user: this.#user,
      ...command,
      environment: { ...this.environment, ...command.environment },
    });
  }

  /**
   * The same, with real pipes for its output, which it can open once more as `/dev/stdout` and `/dev/stderr`.
   * @throws DevboxError `wrong_state` when the run is over
   */
  async launchWithPipes(command: Pick<SandboxCommand, 'argv'> & Partial<SandboxCommand>): Promise<SandboxProcess> {
    const pipes = await this.sandbox.pipes.take(command.input === 'open' ? 3 : 2);
    await this.sandbox.pipes.starts.next();
    if (this.signal.aborted) {
      closePipes(pipes ?? []);
      throw new DevboxError('wrong_state', 'The devbox was suspended or ended before this command began.');
    }
    return this.launch({ ...command, ...(pipes === undefined ? {} : { pipes }) });
  }

  /**
   * Starts the program that serves SFTP on its standard input and output.
   * @throws DevboxError `wrong_state` when the run is over
   */
  launchSftp(): SandboxProcess {
    return this.launchNode([this.#context.tools.sftpServer]);
  }

  /**
   * Starts the platform's Node inside, its standard input open.
   * @param args what follows the program's name
   * @param cwd where it runs, as the devbox sees it; the home folder unless it is said
   * @throws DevboxError `wrong_state` when the run is over
   */
  launchNode(args: readonly string[], cwd?: string): SandboxProcess {
    const { node, electron } = this.#context.tools;
    return this.launch({
      argv: [node, ...args],
      input: 'open',
      ...(cwd === undefined ? {} : { cwd }),
      ...(electron ? { environment: { ELECTRON_RUN_AS_NODE: '1' } } : {}),
    });
  }

  /**
   * Joins a program's standard input and output with a Unix socket of the devbox. The program runs inside: what a path
   * there leads to is the devbox's affair. Its first byte says that the connection is there; without one it just ends.
   * @param path the socket, as the devbox sees it
   * @param cwd the folder that a relative path begins in
   * @throws DevboxError `wrong_state` when the run is over
   */
  launchSocketBridge(path: string, cwd?: string): SandboxProcess {
    return this.launchNode(['-e', socketBridge, this.sandbox.translate(path)], cwd);
  }

  /**
   * Runs a shell command in the home folder, its output going to the log line by line while it comes.
   * @param variables in addition to the devbox's environment
   * @param within puts the words that run the command into others
   * @param user whose it is, if not the devbox's own
   */
  async shell(
    source: LogEntry['source'],
    command: string,
    variables: Readonly<Record<string, string>> = {},
    within = (argv: readonly string[]): readonly string[] => argv,
    user = this.#user,
  ): Promise<ExitStatus> {
    const stdout = new LineSplitter((message) => this.#context.log.append({ source, level: 'info', message }));
    const stderr = new LineSplitter((message) => this.#context.log.append({ source, level: 'error', message }));
    const pipes = await this.sandbox.pipes.take(2);
    await this.sandbox.pipes.starts.next();
    const running = this.sandbox.run({
      ...(pipes === undefined ? {} : { pipes }),
      argv: within(['/bin/bash', '--norc', '-c', this.sandbox.translate(command)]),
      environment: { ...this.environment, ...variables },
      cwd: this.#begin,
      user,
      onStdout: (chunk) => stdout.write(chunk),
      onStderr: (chunk) => stderr.write(chunk),
    });
    const closed = running.closed.then(() => {
      stdout.end();
      stderr.end();
      this.#outputs.delete(closed);
    });
    this.#outputs.add(closed);
    const status = await running.exited;
    await Promise.race([closed, pause(outputGrace)]);
    return status;
  }

  /** Makes another user the one whose its commands are from now on. */
  become(user: DevboxUser): void {
    this.#user = user;
    const own = (home: string | undefined): string => `${home ?? ''}/.local/bin`;
    const { HOME: before, PATH: path = '' } = this.#environment;
    const home = homeOf(user);
    this.#environment = {
      ...this.#environment,
      ...packageVariables(home, user.uid === root.uid),
      HOME: home,
      USER: user.name,
      LOGNAME: user.name,
      PATH: path
        .split(':')
        .map((folder) => (folder === own(before) ? own(home) : folder))
        .join(':'),
    };
  }

  /** Says that the run is over, so that nothing more is started in it. */
  abort(): void {
    this.#stopping.abort();
  }

  /** Ends every process and waits a little for what they said last. */
  async stop(): Promise<void> {
    this.abort();
    try {
      await this.sandbox.stop();
      await Promise.race([Promise.all(this.#outputs), pause(1_000)]);
    } finally {
      await this.#gateway?.close();
      this.#context.addresses.release(this.#address);
    }
  }

  async #openGateway(policyId: string): Promise<void> {
    const { folder, relay, environment, egress, tunnelPort } = this.#context.gateway;
    const enter = this.sandbox.enterNetwork?.();
    if (enter === undefined) {
      throw new DevboxError(
        'not_offered',
        'A network policy that restricts needs Linux namespaces, and this platform runs without.',
      );
    }
    this.#gateway = new EgressGateway({
      folder,
      enter,
      relay,
      environment,
      subject: { egress: () => egress(policyId), tunnelPort },
    });
    await this.#gateway.open();
  }
}

/** Waits for a time in milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
