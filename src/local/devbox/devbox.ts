import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DevboxLog } from './devboxLog';
import { devboxEnvironment } from './environment';
import { DevboxError, messageOf } from './errors';
import { DevboxFiles } from './files';
import { markOwner } from './folderOwner';
import { furnish } from './furnish';
import { newDevboxId } from './ids';
import { LifetimeClock } from './lifetime';
import { LineSplitter } from './lineSplitter';
import type { SandboxChoice } from './probe';
import { removeFolder } from './removeFolder';
import type { ExitStatus, Sandbox } from './sandbox';
import type { DevboxSpec } from './spec';
import type { DevboxStatus, Ending, FailureReason, ShutdownReason, StateTransition } from './status';
import { isTerminal } from './status';
import type { Tunnel, TunnelSettings } from './tunnel';
import { openTunnel } from './tunnel';

/** How long output is waited for after a command has ended while something it left behind still holds its output. */
const outputGrace = 100;

/** What a devbox needs from its surroundings. */
export interface DevboxSurroundings {
  readonly sandboxes: SandboxChoice;
  /** Host folder that holds one folder per devbox. */
  readonly folder: string;
  /** The devbox's own loopback address. */
  readonly address: string;
  /** Gets a sentence for the platform's own output. */
  readonly say: (line: string) => void;
}

/** One devbox, from its creation to its end. */
export class Devbox {
  readonly id = newDevboxId();
  readonly createdAt = Date.now();
  readonly spec: DevboxSpec;
  readonly log = new DevboxLog();
  readonly address: string;
  readonly files: DevboxFiles;
  name: string | undefined;
  metadata: Readonly<Record<string, string>>;
  #tunnel: Tunnel | undefined;
  #status: DevboxStatus = 'provisioning';
  #shutdownReason: ShutdownReason | undefined;
  #failureReason: FailureReason | undefined;
  #endedAt: number | undefined;
  #ending: Promise<void> | undefined;
  readonly #transitions: StateTransition[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #stopping = new AbortController();
  readonly #surroundings: DevboxSurroundings;
  readonly #folder: string;
  readonly #sandbox: Sandbox;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #clock: LifetimeClock;
  readonly #outputs: Promise<void>[] = [];
  readonly #booted: Promise<void>;

  /** Creates the devbox and starts bringing it up; watch `status` and `waitFor` for what becomes of it. */
  constructor(spec: DevboxSpec, surroundings: DevboxSurroundings) {
    this.spec = spec;
    this.name = spec.name;
    this.metadata = spec.metadata;
    this.address = surroundings.address;
    this.#surroundings = surroundings;
    this.#folder = join(surroundings.folder, this.id);
    this.#sandbox = surroundings.sandboxes.create(this.id, this.#root);
    this.#environment = devboxEnvironment(spec, this.#sandbox.prefix, surroundings.sandboxes.tools, surroundings.address);
    this.files = new DevboxFiles(this.#sandbox, spec.home, { PATH: this.#environment['PATH'] ?? '' });
    this.#tunnel = spec.tunnel === undefined ? undefined : openTunnel(spec.tunnel);
    this.#move('provisioning');
    this.#clock = new LifetimeClock(spec.lifetime, (reason) => void this.end({ status: 'shutdown', reason }));
    this.#booted = this.#boot().catch((error: unknown) => this.#bootFailed(error));
  }

  get status(): DevboxStatus {
    return this.#status;
  }

  get transitions(): readonly StateTransition[] {
    return this.#transitions;
  }

  get shutdownReason(): ShutdownReason | undefined {
    return this.#shutdownReason;
  }

  get failureReason(): FailureReason | undefined {
    return this.#failureReason;
  }

  /** Unix milliseconds, once the devbox has ended. */
  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  get tunnel(): Tunnel | undefined {
    return this.#tunnel;
  }

  /** In front of every path of the devbox where it has no file system view of its own; else empty. */
  get prefix(): string {
    return this.#sandbox.prefix;
  }

  get #root(): string {
    return join(this.#folder, 'root');
  }

  /**
   * Opens the devbox's tunnel.
   * @throws DevboxError `wrong_state` when the devbox does not run or already has a tunnel
   */
  enableTunnel(settings: TunnelSettings): Tunnel {
    this.requireRunning();
    if (this.#tunnel !== undefined) {
      throw new DevboxError('wrong_state', `Devbox ${this.id} already has a tunnel. Retrieve the devbox to see it, or remove it first.`);
    }
    this.#tunnel = openTunnel(settings);
    return this.#tunnel;
  }

  /** Closes the devbox's tunnel, if it has one, for new requests. */
  removeTunnel(): void {
    this.#tunnel = undefined;
  }

  /**
   * @throws DevboxError `wrong_state` unless the devbox runs
   */
  requireRunning(): void {
    if (this.#status !== 'running') {
      throw new DevboxError('wrong_state', `Devbox ${this.id} is not running: its status is ${this.#status}.`);
    }
  }

  /** Something used the devbox: it is not idle. */
  touch(): void {
    this.#clock.touch();
  }

  /**
   * Waits until the devbox is in one of `statuses`.
   * @returns false when `signal` aborted first
   */
  async waitFor(statuses: readonly DevboxStatus[], signal: AbortSignal): Promise<boolean> {
    while (!statuses.includes(this.#status)) {
      if (signal.aborted) {
        return false;
      }
      await this.#change(signal);
    }
    return true;
  }

  /** Ends the devbox: its processes are gone and its files removed when this comes back. Later calls change nothing. */
  end(ending: Ending): Promise<void> {
    this.#ending ??= this.#end(ending);
    return this.#ending;
  }

  async #boot(): Promise<void> {
    const { signal } = this.#stopping;
    const { sandboxes } = this.#surroundings;
    await mkdir(this.#root, { recursive: true });
    await markOwner(this.#folder);
    await furnish(this.#root, this.#sandbox.prefix, this.spec.blueprint, sandboxes.tools);
    signal.throwIfAborted();
    await this.#sandbox.start(signal);
    void this.#sandbox.ended.then(() => this.end({ status: 'failure', reason: 'health_check_failed' }));
    this.#move('initializing');
    for (const mount of this.spec.fileMounts) {
      const { code, stderr } = await this.files.write(mount.target, Buffer.from(mount.content), '600');
      if (code !== 0) {
        throw new DevboxError('failed', `The file mount ${mount.target} could not be written: ${stderr.trim()}`);
      }
    }
    for (const command of this.spec.launchCommands) {
      signal.throwIfAborted();
      this.log.append({ source: 'setup_commands', level: 'info', cmd: command });
      const { code } = await this.#run('setup_commands', command);
      if (code !== 0) {
        throw new DevboxError('failed', `A launch command ended with exit code ${code}, so the devbox cannot start.`);
      }
    }
    signal.throwIfAborted();
    this.#move('running');
    this.#clock.running();
    if (this.spec.entrypoint !== undefined) {
      const { code } = await this.#run('entrypoint', this.spec.entrypoint);
      this.#logEntrypointExit(code);
      void this.end({ status: 'shutdown', reason: 'entrypoint_exit' });
    }
  }

  #logEntrypointExit(code: number): void {
    if (!this.#stopping.signal.aborted) {
      const message = `The entrypoint ended with exit code ${code}; the devbox is shut down with it.`;
      this.log.append({ source: 'entrypoint', level: code === 0 ? 'info' : 'error', exitCode: code, message });
    }
  }

  #bootFailed(error: unknown): void {
    if (this.#stopping.signal.aborted) {
      return;
    }
    this.log.append({ source: 'setup_commands', level: 'error', message: messageOf(error) });
    this.#surroundings.say(`Devbox ${this.id} failed: ${messageOf(error)}`);
    void this.end({ status: 'failure', reason: 'execution_failed' });
  }

  /** Runs a shell command, its output going to the log line by line while it comes. */
  async #run(source: 'setup_commands' | 'entrypoint', command: string): Promise<ExitStatus> {
    const stdout = new LineSplitter((message) => this.log.append({ source, level: 'info', message }));
    const stderr = new LineSplitter((message) => this.log.append({ source, level: 'error', message }));
    const running = this.#sandbox.run({
      argv: ['/bin/bash', '--norc', '-c', this.#sandbox.translate(command)],
      environment: this.#environment,
      cwd: `${this.#sandbox.prefix}${this.spec.home}`,
      onStdout: (chunk) => stdout.write(chunk),
      onStderr: (chunk) => stderr.write(chunk),
    });
    const closed = running.closed.then(() => {
      stdout.end();
      stderr.end();
    });
    this.#outputs.push(closed);
    const status = await running.exited;
    await Promise.race([closed, pause(outputGrace)]);
    return status;
  }

  async #end(ending: Ending): Promise<void> {
    this.#stopping.abort();
    this.#clock.dispose();
    await this.#attempt('stopping', () => this.#sandbox.stop());
    // Only now: what the boot still had under way ends with the sandbox.
    await this.#booted;
    await Promise.race([Promise.all(this.#outputs), pause(1_000)]);
    this.#tunnel = undefined;
    this.#endedAt = Date.now();
    if (ending.status === 'failure') {
      this.#failureReason = ending.reason;
    } else {
      this.#shutdownReason = ending.reason;
    }
    this.#move(ending.status);
    this.log.close();
    await this.#attempt('removing the folder of', () => removeFolder(this.#folder));
  }

  /** Ending must go on to its end; what does not work on the way is said. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#surroundings.say(`A problem while ${what} devbox ${this.id}: ${messageOf(error)}`);
    }
  }

  #move(status: DevboxStatus): void {
    if (isTerminal(this.#status)) {
      return;
    }
    this.#status = status;
    this.#transitions.push({ status, time: Date.now(), failureReason: status === 'failure' ? this.#failureReason : undefined });
    for (const waiter of [...this.#waiting]) {
      waiter();
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
