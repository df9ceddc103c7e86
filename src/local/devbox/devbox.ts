import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './diskPaths';
import { DevboxLog } from './devboxLog';
import type { DevboxRecord } from './devboxRecord';
import { DevboxRun } from './devboxRun';
import { DevboxError, messageOf } from './errors';
import { Executions } from './executions/executions';
import { DevboxFiles } from './files';
import { furnish, systemFiles } from './furnish';
import { newDevboxId } from './ids';
import type { TimeOver } from './lifetime';
import { LifetimeClock } from './lifetime';
import type { LoopbackAddresses } from './loopback';
import { BootFailure } from './mishaps';
import type { Mishaps } from './mishaps';
import { mountAll } from './mounts';
import type { SandboxChoice } from './probe';
import type { Provisions } from './provisions';
import { runHooks } from './hooks';
import { removeFolder } from './removeFolder';
import type { DevboxSpec } from './spec';
import { StateHistory } from './stateHistory';
import type { DevboxStatus, Ending, FailureReason, ShutdownReason, StateTransition } from './status';
import { isTerminal } from './status';
import type { Tunnel, TunnelSettings } from './tunnel';
import { openTunnel } from './tunnel';
import type { UsageWatch } from './usageWatch';

/** What a devbox needs from its surroundings. */
export interface DevboxSurroundings {
  readonly sandboxes: SandboxChoice;
  /** Host folder that holds one folder per devbox. */
  readonly folder: string;
  /** Host folder that holds one log file per devbox. */
  readonly logFolder: string;
  /** What the account has for devboxes. */
  readonly provisions: Provisions;
  /** Writes down the devbox as it is now; done when it comes back. */
  readonly save: (record: DevboxRecord) => void;
  readonly addresses: LoopbackAddresses;
  /** Gets a sentence for the platform's own output. */
  readonly say: (line: string) => void;
  /** Ends devboxes that use too much. */
  readonly usage: UsageWatch;
  /** What is done to devboxes on order. */
  readonly mishaps: Mishaps | undefined;
}

/** One devbox, from its creation to its end. */
export class Devbox {
  readonly id: string;
  readonly createdAt: number;
  readonly spec: DevboxSpec;
  readonly files: DevboxFiles;
  #log: DevboxLog | undefined;
  #name: string | undefined;
  #metadata: Readonly<Record<string, string>>;
  #executions: Executions | undefined;
  #tunnel: Tunnel | undefined;
  #shutdownReason: ShutdownReason | undefined;
  #failureReason: FailureReason | undefined;
  #endedAt: number | undefined;
  #ending: Promise<void> | undefined;
  #run: DevboxRun | undefined;
  #clock: LifetimeClock | undefined;
  /** What a start or a suspend still has under way; never rejects. */
  #underWay: Promise<void> = Promise.resolve();
  readonly #states: StateHistory;
  readonly #surroundings: DevboxSurroundings;
  readonly #folder: string;

  private constructor(spec: DevboxSpec, surroundings: DevboxSurroundings, past?: DevboxRecord) {
    this.id = past?.id ?? newDevboxId();
    this.createdAt = past?.createdAt ?? Date.now();
    this.spec = spec;
    this.#name = spec.name;
    this.#metadata = spec.metadata;
    this.#surroundings = surroundings;
    this.#folder = join(surroundings.folder, this.id);
    this.files = new DevboxFiles(() => this.requireRun(), spec.home);
    this.#states = new StateHistory(past?.transitions);
    this.#tunnel = past?.tunnel;
    this.#shutdownReason = past?.shutdownReason;
    this.#failureReason = past?.failureReason;
    this.#endedAt = past?.endedAt;
  }

  /** Creates a devbox and starts bringing it up; watch `status` and `waitFor` for what becomes of it. */
  static create(spec: DevboxSpec, surroundings: DevboxSurroundings): Devbox {
    const devbox = new Devbox(spec, surroundings);
    devbox.#tunnel = spec.tunnel === undefined ? undefined : openTunnel(spec.tunnel);
    devbox.#move('provisioning');
    // Later: whoever creates it may have more to write before anything happens.
    setImmediate(() => {
      if (devbox.#ending === undefined) {
        devbox.#start(true);
      }
    });
    return devbox;
  }

  /** A devbox from the store, without processes: a suspended one, or one that has ended. */
  static fromRecord(record: DevboxRecord, surroundings: DevboxSurroundings): Devbox {
    const kept = { name: record.name, metadata: record.metadata, fileMounts: [], objectMounts: [], codeMounts: [], tunnel: undefined };
    const devbox = new Devbox({ ...record.spec, ...kept }, surroundings, record);
    if (isTerminal(devbox.status)) {
      devbox.#ending = Promise.resolve();
    }
    return devbox;
  }

  /** The devbox as the store keeps it. */
  get record(): DevboxRecord {
    const { blueprint, snapshotId, environment, secrets, entrypoint, launchCommands, username, home, lifetime, hooks, limits, wakeOnHttp, launchParameters } = this.spec;
    return {
      id: this.id,
      createdAt: this.createdAt,
      name: this.#name,
      metadata: { ...this.#metadata },
      spec: {
        blueprint,
        snapshotId,
        environment: { ...environment },
        secrets: { ...secrets },
        entrypoint,
        launchCommands: [...launchCommands],
        username,
        home,
        lifetime,
        hooks: { ...hooks, suspendCommands: [...hooks.suspendCommands] },
        limits,
        wakeOnHttp,
        launchParameters: { ...launchParameters },
      },
      transitions: [...this.transitions],
      shutdownReason: this.#shutdownReason,
      failureReason: this.#failureReason,
      endedAt: this.#endedAt,
      tunnel: this.#tunnel,
    };
  }

  get name(): string | undefined {
    return this.#name;
  }

  /** The log, read from disk when it is first asked for. */
  get log(): DevboxLog {
    if (this.#log === undefined) {
      this.#log = new DevboxLog(join(this.#surroundings.logFolder, `${this.id}.jsonl`));
      if (isTerminal(this.status)) {
        this.#log.close();
      }
    }
    return this.#log;
  }

  /** The commands that were started through the API. */
  get executions(): Executions {
    this.#executions ??= new Executions({ run: () => this.requireRun(), files: this.files, log: this.log, folder: join(this.#folder, 'executions') });
    return this.#executions;
  }

  /** Host folder that is the devbox's disk. */
  get disk(): string {
    return this.#root;
  }

  get status(): DevboxStatus {
    return this.#states.status;
  }

  get transitions(): readonly StateTransition[] {
    return this.#states.transitions;
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

  /** The loopback address on which the devbox's services listen; empty while it has no processes. */
  get address(): string {
    return this.#run?.address ?? '';
  }

  /** In front of every path of the devbox where it has no file system view of its own; else empty. */
  get prefix(): string {
    return this.#run?.sandbox.prefix ?? '';
  }

  /** Where the public keys are that open the devbox over SSH. */
  get sshKeyFile(): string {
    return join(this.#folder, 'ssh_keys.json');
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
    this.#save();
    return this.#tunnel;
  }

  /** Closes the devbox's tunnel, if it has one, for new requests. */
  removeTunnel(): void {
    this.#tunnel = undefined;
    this.#save();
  }

  /**
   * @throws DevboxError `wrong_state` unless the devbox runs
   */
  requireRunning(): void {
    if (this.status !== 'running') {
      throw new DevboxError('wrong_state', `Devbox ${this.id} is not running: its status is ${this.status}.`);
    }
  }

  /**
   * The processes of the devbox as they are now: where to start commands, and a signal that tells when this run is over
   * (suspend or end). A resumed devbox has another run.
   * @throws DevboxError `wrong_state` when the devbox has no processes
   */
  requireRun(): DevboxRun {
    if (this.#run === undefined || this.#run.signal.aborted) {
      throw new DevboxError('wrong_state', `Devbox ${this.id} is not running: its status is ${this.status}.`);
    }
    return this.#run;
  }

  /** Changes what is given and leaves alone what is not; an empty name takes the name away. */
  update(changes: { readonly name: string | undefined; readonly metadata: Readonly<Record<string, string>> | undefined }): void {
    if (changes.name !== undefined) {
      this.#name = changes.name === '' ? undefined : changes.name;
    }
    this.#metadata = changes.metadata ?? this.#metadata;
    this.#save();
  }

  /** Something used the devbox: it is not idle. */
  touch(): void {
    this.#clock?.touch();
  }

  /**
   * Waits until the devbox is in one of `statuses`.
   * @returns false when `signal` aborted first
   */
  waitFor(statuses: readonly DevboxStatus[], signal: AbortSignal): Promise<boolean> {
    return this.#states.waitFor(statuses, signal);
  }

  /**
   * Begins to suspend: the status is `suspending` at once and `suspended` when the processes are gone; the disk stays.
   * @throws DevboxError `wrong_state` unless the devbox runs
   */
  suspend(): void {
    this.requireRunning();
    const run = this.requireRun();
    this.#clock?.dispose();
    this.#move('suspending');
    this.#underWay = this.#suspend(run, this.#underWay);
  }

  /**
   * Begins to resume: a new run on the kept disk, launch commands and entrypoint included.
   * @throws DevboxError `wrong_state` unless the devbox is suspended
   */
  resume(): void {
    if (this.status !== 'suspended') {
      throw new DevboxError('wrong_state', `Devbox ${this.id} is not suspended: its status is ${this.status}.`);
    }
    this.#move('resuming');
    this.#start(false);
  }

  /** Ends the devbox as a failure, for example when it used more than it may. The message goes to its log. */
  fail(reason: FailureReason, message: string): void {
    if (this.#ending === undefined) {
      this.log.append({ source: 'setup_commands', level: 'error', message });
      this.#surroundings.say(`Devbox ${this.id} failed: ${message}`);
      void this.end({ status: 'failure', reason });
    }
  }

  /** Ends the devbox: its processes are gone and its files removed when this comes back. Later calls change nothing. */
  end(ending: Ending): Promise<void> {
    this.#ending ??= this.#end(ending);
    return this.#ending;
  }

  /**
   * Ends the devbox's processes and leaves it as it is for the next platform on the same data folder: suspended ones stay
   * suspended, all others end.
   */
  async park(): Promise<void> {
    if (!['suspended', 'suspending', 'resuming'].includes(this.status)) {
      await this.end({ status: 'shutdown', reason: 'api_shutdown' });
      return;
    }
    this.#clock?.dispose();
    await this.#attempt('stopping', async () => this.#run?.stop());
    await this.#underWay;
    this.#log?.close();
  }

  #start(first: boolean): void {
    const { sandboxes, addresses } = this.#surroundings;
    this.#clock = new LifetimeClock(this.spec.lifetime, (reason) => this.#timeOver(reason));
    const run = new DevboxRun({ sandbox: sandboxes.create(this.id, this.#root, this.spec.limits), spec: this.spec, log: this.log, tools: sandboxes.tools, addresses });
    this.#run = run;
    this.#underWay = this.#boot(run, first).catch((error: unknown) => this.#bootFailed(run, error));
  }

  async #boot(run: DevboxRun, first: boolean): Promise<void> {
    const { mishaps } = this.#surroundings;
    await mishaps?.boot(this, 'provisioning', run.signal);
    const { provisions } = this.#surroundings;
    await mkdir(this.#root, { recursive: true });
    if (first) {
      await provisions.copyDisk(this.spec, this.#root, run.signal);
    }
    await furnish(this.#root, run.sandbox.prefix, this.spec.blueprint, this.#surroundings.sandboxes.tools, await systemFiles());
    await makeFolder(this.#root, this.spec.home, 'keep');
    await run.open(this.#secrets());
    void run.sandbox.ended.then(() => {
      if (!run.signal.aborted) {
        this.fail('health_check_failed', 'The processes of the devbox were ended from outside.');
      }
    });
    this.#watchUsage(run);
    this.#move('initializing');
    await mishaps?.boot(this, 'initializing', run.signal);
    if (first) {
      await mountAll({ run, files: this.files, log: this.log, spec: this.spec, disk: this.#root, provisions });
    }
    for (const command of this.spec.launchCommands) {
      run.signal.throwIfAborted();
      this.log.append({ source: 'setup_commands', level: 'info', cmd: command });
      const { code } = await run.shell('setup_commands', command);
      if (code !== 0) {
        throw new DevboxError('failed', `A launch command ended with exit code ${code}, so the devbox cannot start.`);
      }
    }
    run.signal.throwIfAborted();
    this.#move('running');
    this.#clock?.running();
    this.#failLater(run);
    if (this.spec.entrypoint !== undefined) {
      const { code } = await run.shell('entrypoint', this.spec.entrypoint, {}, (argv) => mishaps?.entrypoint(this, argv) ?? argv);
      if (!run.signal.aborted) {
        const message = `The entrypoint ended with exit code ${code}; the devbox is shut down with it.`;
        this.log.append({ source: 'entrypoint', level: code === 0 ? 'info' : 'error', exitCode: code, message });
        void this.end({ status: 'shutdown', reason: 'entrypoint_exit' });
      }
    }
  }

  /** The values of the account's secrets as they are at this start. */
  #secrets(): Readonly<Record<string, string>> {
    const { values, missing } = this.#surroundings.provisions.secrets(this.spec.secrets);
    for (const name of missing) {
      this.log.append({ source: 'setup_commands', level: 'error', message: `The secret ${name} is not there any more; its variable is not set.` });
    }
    return values;
  }

  #bootFailed(run: DevboxRun, error: unknown): void {
    if (!run.signal.aborted) {
      this.fail(error instanceof BootFailure ? error.reason : 'execution_failed', messageOf(error));
    }
  }

  #watchUsage(run: DevboxRun): void {
    this.#surroundings.usage.watch({
      scope: run.sandbox.scope,
      folder: this.#root,
      limits: this.spec.limits,
      signal: run.signal,
      onExcess: (reason, message) => {
        this.log.append({ source: 'kmsg', level: 'error', message });
        this.fail(reason, message);
      },
    });
  }

  #failLater(run: DevboxRun): void {
    const failure = this.#surroundings.mishaps?.failure(this);
    if (failure !== undefined) {
      const timer = setTimeout(() => this.fail(failure.reason, 'The devbox failed: a fault that was ordered.'), failure.afterMs);
      run.signal.addEventListener('abort', () => clearTimeout(timer));
    }
  }

  #timeOver(reason: TimeOver): void {
    if (reason === 'idle' && this.spec.lifetime.onIdle === 'suspend') {
      this.suspend();
    } else {
      void this.end({ status: 'shutdown', reason });
    }
  }

  async #suspend(run: DevboxRun, booted: Promise<void>): Promise<void> {
    const { suspendCommands, suspendDeadlineMs } = this.spec.hooks;
    if (suspendCommands.length > 0) {
      await runHooks(run, this.log, suspendCommands, suspendDeadlineMs);
    }
    await this.#attempt('stopping', () => run.stop());
    await booted;
    if (this.#ending === undefined) {
      this.#move('suspended');
    }
  }

  async #end(ending: Ending): Promise<void> {
    const run = this.#run;
    run?.abort();
    this.#clock?.dispose();
    await this.#attempt('stopping', async () => run?.stop());
    // Only now: what a start or a suspend still had under way ends with the processes.
    await this.#underWay;
    this.#tunnel = undefined;
    this.#endedAt = Date.now();
    if (ending.status === 'failure') {
      this.#failureReason = ending.reason;
    } else {
      this.#shutdownReason = ending.reason;
    }
    this.#move(ending.status);
    this.#log?.close();
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
    if (this.#states.move(status, status === 'failure' ? this.#failureReason : undefined)) {
      this.#save();
      this.#states.announce();
    }
  }

  #save(): void {
    this.#surroundings.save(this.record);
  }
}
