import type { Socket } from 'node:net';
import type { ProcessScope } from '../host/scopeProcesses';
import { inScopeOf } from '../bulkhead/devboxScope';
import { bringUp, runEntrypoint } from './lifeCycle/boot';
import { DevboxFacts } from './devboxFacts';
import { DevboxFolder } from './devboxFolder';
import type { DevboxLog, LogSource } from './devboxLog';
import { type DevboxRecord, isResting } from './devboxRecord';
import type { DevboxRun } from './run/devboxRun';
import { newRun } from './run/newRun';
import { DevboxError, messageOf } from '../errors';
import type { Executions } from './run/executions/executions';
import { DevboxFiles } from './run/devboxFiles';
import { runHooks } from './run/suspendHooks';
import { type TimeOver, LifetimeClock } from './lifeCycle/lifetime';
import { BootFailure } from './lifeCycle/faultHooks';
import { failOnOrder, watchRun } from './lifeCycle/runWatch';
import type { DevboxSpec } from './spec';
import { type DevboxStatus, type Ending, type FailureReason, isTerminal } from './lifeCycle/status';
import type { DevboxContext } from './devboxContext';
import type { Tunnel, TunnelSettings } from './tunnel';

/** One devbox, from its creation to its end. */
export class Devbox {
  readonly id: string;
  readonly spec: DevboxSpec;
  readonly files: DevboxFiles;
  /** Host folder that is the devbox's disk. */
  readonly disk: string;
  /** Where the public keys are that open the devbox over SSH. */
  readonly sshKeyFile: string;
  #ending: Promise<void> | undefined;
  #run: DevboxRun | undefined;
  #clock: LifetimeClock | undefined;
  /** Looks whether this run has used too much, before its end is given another reason. */
  #overLimit = (): boolean => false;
  /** What a start or a suspend still has under way; never rejects. */
  #underWay: Promise<void> = Promise.resolve();
  readonly #facts: DevboxFacts;
  readonly #context: DevboxContext;
  readonly #kept: DevboxFolder;

  private constructor(spec: DevboxSpec, context: DevboxContext, past?: DevboxRecord) {
    this.#facts = new DevboxFacts(spec, context, past);
    this.id = this.#facts.id;
    this.spec = spec;
    this.#context = context;
    this.#kept = new DevboxFolder(this.id, context);
    this.disk = this.#kept.disk;
    this.sshKeyFile = this.#kept.sshKeyFile;
    this.files = new DevboxFiles(() => this.requireRun(), spec.home);
  }

  /** Creates a devbox and starts bringing it up; watch `status` and `waitFor` for what becomes of it. */
  static create(spec: DevboxSpec, context: DevboxContext): Devbox {
    const devbox = new Devbox(spec, context);
    // The flex tier waits for a place first; here there is one at once.
    devbox.#facts.move(spec.launchParameters['provisioning_tier'] === 'flex' ? 'queued' : 'provisioning');
    // Later: whoever creates it may have more to write before anything happens.
    setImmediate(() => {
      if (devbox.#ending === undefined) {
        if (devbox.status === 'queued') {
          devbox.#facts.move('provisioning');
        }
        inScopeOf(devbox, () => devbox.#start(true));
      }
    });
    return devbox;
  }

  /** A devbox from the store, without processes: a suspended one, or one that has ended. */
  static fromRecord(record: DevboxRecord, context: DevboxContext): Devbox {
    const devbox = new Devbox(DevboxFacts.specOf(record), context, record);
    if (isTerminal(devbox.status)) {
      devbox.#ending = Promise.resolve();
    }
    return devbox;
  }

  get name(): string | undefined {
    return this.#facts.name;
  }

  /** The devbox as the store keeps it. */
  get record(): DevboxRecord {
    return this.#facts.record;
  }

  get log(): DevboxLog {
    return this.#kept.log(isTerminal(this.status));
  }

  /** The commands that were started through the API. */
  get executions(): Executions {
    return this.#kept.executions({ run: () => this.requireRun(), files: this.files, log: this.log });
  }

  get status(): DevboxStatus {
    return this.#facts.status;
  }

  get tunnel(): Tunnel | undefined {
    return this.#facts.tunnel;
  }

  /** The loopback address on which the devbox's services listen; empty while it has no processes. */
  get address(): string {
    return this.#run?.address ?? '';
  }

  /** Tells the devbox's processes from all others; undefined while it has none. */
  get scope(): ProcessScope | undefined {
    return this.#run?.sandbox.scope;
  }

  /**
   * Connects to one of the devbox's ports.
   * @param host as the devbox sees it; its own address unless it is said
   * @throws DevboxError `wrong_state` when it has no processes, and the system's error, with its code
   */
  async dial(port: number, host?: string): Promise<Socket> {
    return this.requireRun().dial(port, host);
  }

  /** In front of every path of the devbox where it has no file system view of its own; else empty. */
  get prefix(): string {
    return this.#run?.sandbox.prefix ?? '';
  }

  /**
   * Opens the devbox's tunnel.
   * @throws DevboxError `wrong_state` when the devbox does not run or already has a tunnel
   */
  enableTunnel(settings: TunnelSettings): Tunnel {
    this.requireRunning();
    return this.#facts.openTunnel(settings);
  }

  /** Closes the devbox's tunnel, if it has one, for new requests. */
  removeTunnel(): void {
    this.#facts.removeTunnel();
  }

  /** @throws DevboxError `wrong_state` unless the devbox runs */
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
  update(changes: {
    readonly name: string | undefined;
    readonly metadata: Readonly<Record<string, string>> | undefined;
  }): void {
    this.#facts.update(changes);
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
    return this.#facts.waitFor(statuses, signal);
  }

  /**
   * Begins to suspend: the status is `suspending` at once and `suspended` when the processes are gone; the disk stays.
   * @param why for its log, as the API has no field for it
   * @throws DevboxError `wrong_state` unless the devbox runs
   */
  suspend(why = 'a request to the API asked for it'): void {
    this.requireRunning();
    const run = this.requireRun();
    this.#clock?.dispose();
    this.log.append({ source: 'stats', level: 'info', message: `The devbox is suspended: ${why}.` });
    this.#facts.move('suspending');
    this.#underWay = inScopeOf(this, () => this.#suspend(run, this.#underWay));
  }

  /**
   * Begins to resume: a new run on the kept disk, launch commands and entrypoint included.
   * @throws DevboxError `wrong_state` unless the devbox is suspended
   */
  resume(): void {
    if (this.status !== 'suspended') {
      throw new DevboxError('wrong_state', `Devbox ${this.id} is not suspended: its status is ${this.status}.`);
    }
    // Runloop's own tests know no other status than this one right behind a resume.
    this.#facts.move('provisioning');
    this.#start(false);
  }

  /** Ends the devbox as a failure, for example when it used more than it may. The message goes to its log, as one of `source`. */
  fail(reason: FailureReason, message: string, source: LogSource = 'setup_commands'): void {
    if (this.#ending === undefined) {
      this.log.append({ source, level: 'error', message });
      this.#context.logLine(`Devbox ${this.id} failed: ${message}`);
      void this.end({ status: 'failure', reason });
    }
  }

  /** Ends the devbox: its processes are gone and its files removed when this comes back. Later calls change nothing. */
  end(ending: Ending): Promise<void> {
    this.#ending ??= inScopeOf(this, () => this.#end(ending));
    return this.#ending;
  }

  /**
   * Ends the devbox's processes and leaves it as it is for the next platform on the same data folder: suspended ones stay
   * suspended, all others end.
   */
  async park(): Promise<void> {
    if (!isResting(this.record)) {
      await this.end({ status: 'shutdown', reason: 'api_shutdown' });
      return;
    }
    this.#clock?.dispose();
    await this.#kept.attempt('stopping', async () => this.#run?.stop());
    await this.#underWay;
    this.#kept.closeLog();
  }

  #start(first: boolean): void {
    this.#clock = new LifetimeClock(this.spec.lifetime, this.#facts.createdAt, (reason) => this.#timeOver(reason));
    const run = newRun(this, this.#context);
    this.#run = run;
    this.#overLimit = () => false;
    this.#underWay = inScopeOf(this, () => this.#boot(run, first)).catch((error: unknown) => {
      if (!run.signal.aborted && !this.#overLimit()) {
        this.fail(error instanceof BootFailure ? error.reason : 'execution_failed', messageOf(error));
      }
    });
  }

  async #boot(run: DevboxRun, first: boolean): Promise<void> {
    const onInitializing = (): void => {
      this.#overLimit = watchRun(this, run, this.#context);
      this.#facts.move('initializing');
    };
    await bringUp(this, { run, first, onInitializing }, this.#context);
    this.#facts.move('running');
    this.#clock?.running();
    failOnOrder(this, run, this.#context);
    const end = await runEntrypoint(this, run, this.#overLimit, this.#context);
    if (end !== undefined) {
      void this.end(end);
    }
  }

  #timeOver(reason: TimeOver): void {
    if (reason === 'idle' && this.spec.lifetime.onIdle === 'suspend') {
      this.suspend(`nobody used it for ${this.spec.lifetime.idleSeconds ?? 0} s, as its idle rule says`);
    } else {
      void this.end({ status: 'shutdown', reason });
    }
  }

  async #suspend(run: DevboxRun, booted: Promise<void>): Promise<void> {
    await runHooks(run, this.log, this.spec.hooks);
    await this.#kept.attempt('stopping', () => run.stop());
    await booted;
    if (this.#ending === undefined) {
      this.#facts.move('suspended');
    }
  }

  async #end(ending: Ending): Promise<void> {
    const run = this.#run;
    run?.abort();
    this.#clock?.dispose();
    await this.#kept.attempt('stopping', async () => run?.stop());
    // Only now: what a start or a suspend still had under way ends with the processes.
    await this.#underWay;
    this.#facts.end(ending);
    this.#kept.closeLog();
    await this.#kept.remove();
  }
}
