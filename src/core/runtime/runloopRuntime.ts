import type { ActionExecutionClient } from '../actionServer/actionExecutionClient';
import type { EventStream } from '../actionServer/eventStream';
import { setupEnvironment } from '../actionServer/environment/setupEnvironment';
import { RuntimeError } from '../errors';
import type { Disposable } from '../events';
import { withinDeadline, type CallLimits } from './connect/withinDeadline';
import { bringUp, type BringUpContext, type Connection } from './connect/bringUp';
import { connectDevbox } from './connect/connectDevbox';
import type { ServerHealth } from './connect/serverHealth';
import { leaveDevbox } from './connect/leaveDevbox';
import type { Devbox } from '../platform/devbox';
import { RunloopApi } from '../platform/runloopApi';
import { resolveConfig, type RuntimeConfig } from '../options/runtimeConfig';
import type { CloseMode, RunloopRuntimeOptions } from '../options/runtimeOptions';
import { bringUpContext } from './bringUpContext';
import { LiveConnection, type SharedByRuntimes } from './liveConnection';
import { OwnStart } from './ownStart';
import { StateMachine, wrongState, type RuntimeState } from './runtimeState';
import type { RuntimeEvent } from './runtimeStatus';
import { RuntimeEvents } from './runtimeEvents';
import { waitUntilSuspended } from '../start/waitForDevbox';
import type { AddressUse } from '../vscode/vscodeAddress';

interface Call {
  readonly signal?: AbortSignal | undefined;
}

/**
 * OpenHands' RunloopRuntime: creates a devbox or attaches to one, waits for it and its action server, performs actions
 * in it, hands out its VS Code URL, suspends and resumes it, and closes it.
 *
 * One runtime belongs to one devbox and connects once. What it created is shut down again when connecting fails or
 * is cancelled; what it attached to is never touched.
 */
export class RunloopRuntime {
  readonly config: RuntimeConfig;
  readonly api: RunloopApi;
  readonly #events = new RuntimeEvents();
  readonly #live: LiveConnection;
  readonly #machine = new StateMachine((from, to) => this.#events.fire({ type: 'state', from, to }));
  readonly #abandon = new AbortController();
  #devbox: Devbox | undefined;
  #createdHere = false;
  readonly #start: OwnStart;
  #closing: Promise<void> | undefined;
  #underWay: Promise<void> = Promise.resolve();

  /**
   * @throws RuntimeError for options that cannot work, before any request (`missing_api_key`, `invalid_option`).
   */
  constructor(options: RunloopRuntimeOptions, { vscode, activity }: SharedByRuntimes = {}) {
    this.config = resolveConfig(options);
    const { fire } = this.#events;
    this.api = new RunloopApi({ apiKey: options.apiKey, baseUrl: this.config.baseUrl }, (request) =>
      fire({ type: 'request', request }),
    );
    this.#start = new OwnStart({ config: this.config, fire });
    this.#live = new LiveConnection({ api: this.api, config: this.config, fire, vscode, activity });
  }

  /** States, statuses and phases as they happen. */
  onEvent(listener: (event: RuntimeEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  /** Actions, observations and statuses in order, replayable. */
  get stream(): EventStream {
    return this.#events.stream;
  }

  get state(): RuntimeState {
    return this.#machine.state;
  }

  get devbox(): Devbox | undefined {
    return this.#devbox;
  }

  /** True if this runtime created its devbox, and false if it attached to one. */
  get createdHere(): boolean {
    return this.#createdHere;
  }

  /** Origin of the action server, known once connected. */
  get actionExecutionServerUrl(): string | undefined {
    return this.#live.serverUrl;
  }

  /** @throws RuntimeError `closed` or `disconnected` unless the runtime is ready. */
  get actions(): ActionExecutionClient {
    return this.#ready().client;
  }

  /**
   * Brings the runtime to ready. After a failure nothing that it created is left behind.
   *
   * @throws RuntimeError that says what happened and what to do next; `cancelled` when the signal was aborted.
   */
  async connect(options: Call = {}): Promise<void> {
    this.#machine.move('connecting', this.#devbox?.id);
    this.#events.status('STATUS$STARTING_RUNTIME');
    this.#underWay = this.#connect(options.signal);
    await this.#underWay;
  }

  /**
   * Finds back to the devbox after the connection was lost, also one whose server ended. Joins one that is under way.
   *
   * @param options.isUnasked nobody asks for it just now: nothing counts as use, and nothing is started in the devbox
   * @param options.resumeSuspended whether a devbox that was suspended meanwhile is resumed, which costs money; as the
   *   runtime's options say unless said here
   * @throws RuntimeError as with connect(); the runtime is then `disconnected` and can be tried again
   */
  async reconnect(
    options: Call & { readonly resumeSuspended?: boolean; readonly isUnasked?: boolean } = {},
  ): Promise<void> {
    if (this.state === 'reconnecting') return this.#underWay;
    const devbox = this.#known('reconnecting');
    const { signal, resumeSuspended = this.config.resumeSuspended, isUnasked = false } = options;
    await this.#again(devbox, 'disconnected', { signal, resumeSuspended, isUnasked });
  }

  /** Suspends the devbox: files stay, processes end. @throws RuntimeError if it cannot be suspended */
  async suspend(options: Call = {}): Promise<void> {
    const devbox = this.#known('suspending');
    this.#live.letGo();
    this.#underWay = this.#withinDeadline(options.signal, async (call) => {
      this.#devbox = await waitUntilSuspended(this.api, await this.api.devboxes.suspend(devbox.id, call), call.signal);
      this.#machine.move('suspended');
    }).catch((error: unknown) => {
      if (this.#machine.can('disconnected')) this.#machine.move('disconnected');
      throw error;
    });
    await this.#underWay;
  }

  /** Resumes the devbox that was suspended, with its server, and is ready again. */
  async resume(options: Call = {}): Promise<void> {
    const devbox = this.#known('resuming');
    await this.#again(devbox, 'suspended', { signal: options.signal, resumeSuspended: true, isUnasked: false });
  }

  /**
   * How the action server is, as far as can be told without the devbox counting as used.
   *
   * @returns undefined if it does not answer
   * @throws RuntimeError if the API had to be asked and does not answer
   */
  async serverHealth(signal?: AbortSignal): Promise<ServerHealth | undefined> {
    return this.state === 'ready' ? this.#live.health(signal) : undefined;
  }

  /** Tells Runloop that the devbox is in use, now; actions tell it by themselves (D21). */
  async keepAlive(options: Call = {}): Promise<void> {
    await this.api.devboxes.keepAlive(this.#ready().devbox.id, options);
  }

  /**
   * Sets variables in the devbox's shells and Jupyter, byte for byte; they stay set for later shells.
   *
   * @throws RuntimeError `invalid_option` for names and values that no environment can hold; `environment`
   */
  async addEnvVars(variables: Readonly<Record<string, string>>, options: Call = {}): Promise<void> {
    const jupyter = this.config.plugins.includes('jupyter');
    await setupEnvironment(this.actions, { variables, jupyter, signal: options.signal });
  }

  /**
   * URL of the devbox's VS Code, in its workspace folder, for a browser on this machine. Contains the VS Code
   * token: open it, never print it. Asked anew each time, as token and tunnel change when a devbox is resumed (D30).
   *
   * @returns undefined if the devbox has no VS Code
   */
  async vscodeUrl(signal?: AbortSignal, use: AddressUse = {}): Promise<string | undefined> {
    return this.#live.vscodeUrl(this.#ready(), use, signal);
  }

  /**
   * The same page as a URL of `vscodeUrl`, without the token in the address, for a browser that shows its address.
   *
   * @returns undefined for a URL that does not lead through this runtime's forwarder
   */
  async hiddenUrl(url: string): Promise<string | undefined> {
    return this.#live.hiddenUrl(url);
  }

  /**
   * Ends this runtime. Unless `mode` or the options say otherwise, the devbox is shut down if this runtime created it,
   * and kept if it was found. Harmless when called again (D22).
   *
   * @throws RuntimeError if the devbox could not be shut down or suspended; a repeated close reports the same outcome.
   */
  async close(options: { readonly mode?: 'default' | CloseMode } = {}): Promise<void> {
    this.#closing ??= this.#close(options.mode ?? 'default');
    await this.#closing;
  }

  async #connect(outer: AbortSignal | undefined): Promise<void> {
    try {
      await this.#withinDeadline(outer, async (call) => {
        const connection = await connectDevbox(this.#context(call), {
          onPhase: (phase) => this.#events.phase(phase, this.#devbox),
          onStart: (start) => this.#start.begin(start),
          onCreated: (devbox) => {
            this.#devbox = devbox;
            this.#createdHere = true;
          },
          onFound: (devbox) => (this.#devbox = devbox),
          fire: this.#events.fire,
        });
        this.#nowReady(connection);
      });
    } catch (error) {
      this.#machine.move('failed');
      const told = await this.#start.fail(error as RuntimeError);
      this.#live.letGo();
      this.#events.status('STATUS$ERROR', told);
      throw told;
    }
    await this.#start.complete(this.#devbox);
  }

  async #again(
    devbox: Devbox,
    otherwise: RuntimeState,
    { signal, ...how }: Call & Pick<BringUpContext, 'resumeSuspended' | 'isUnasked'>,
  ): Promise<void> {
    this.#events.status('STATUS$STARTING_RUNTIME');
    this.#underWay = this.#withinDeadline(signal, async (call) => {
      const current = await this.api.devboxes.retrieve(devbox.id, call);
      let connection = await this.#live.regain(current, { ...how, signal: call.signal });
      if (connection === undefined) {
        this.#live.letGo();
        connection = await bringUp({ ...this.#context(call), ...how }, current, { isNew: false });
      }
      this.#nowReady(connection);
    }).catch((error: unknown) => {
      this.#machine.move(otherwise);
      this.#events.status('STATUS$ERROR', RuntimeError.is(error) ? error : undefined);
      throw error;
    });
    await this.#underWay;
  }

  #context(call: CallLimits): BringUpContext {
    const [events, live, machine] = [this.#events, this.#live, this.#machine];
    const onDevbox = (devbox: Devbox): void => void (this.#devbox = devbox);
    return bringUpContext({ api: this.api, config: this.config, events, live, machine, onDevbox }, call);
  }

  async #withinDeadline(outer: AbortSignal | undefined, work: (call: CallLimits) => Promise<void>): Promise<void> {
    const { connectTimeoutMs: limitMs } = this.config;
    const devboxId = (): string | undefined => this.#devbox?.id;
    await withinDeadline({ limitMs, outer, abandon: this.#abandon.signal, fire: this.#events.fire, devboxId }, work);
  }

  #nowReady(connection: Connection): void {
    this.#devbox = connection.devbox;
    // First: whoever hears that it is ready finds the actions there.
    this.#live.hold(connection);
    this.#machine.move('ready');
    this.#events.phase('ready', this.#devbox);
    this.#events.status('STATUS$READY');
  }

  async #close(mode: 'default' | CloseMode): Promise<void> {
    this.#abandon.abort();
    // Whoever hears of the first step of something may close before that is under way, which then cleans up after itself.
    await Promise.resolve();
    await this.#underWay.catch(() => undefined);
    const failed = this.#machine.state === 'failed';
    this.#machine.move('closing');
    this.#live.dispose();
    const chosen = mode === 'default' ? (this.config.closeMode ?? (this.#createdHere ? 'shutdown' : 'keep')) : mode;
    try {
      if (failed && this.#createdHere) {
        if (chosen === 'shutdown') await this.#start.endRest();
      } else if (this.#devbox !== undefined) {
        await leaveDevbox({ api: this.api, config: this.config, fire: this.#events.fire }, this.#devbox, chosen);
      }
    } finally {
      this.#machine.move('closed');
      this.#events.status('STATUS$STOPPED');
      this.#events.dispose();
    }
  }

  /** Moves on with the devbox that is known. */
  #known(to: RuntimeState): Devbox {
    if (this.#devbox === undefined || !this.#machine.can(to)) throw wrongState(this.#machine.state, this.#devbox?.id);
    this.#machine.move(to);
    return this.#devbox;
  }

  #ready(): Connection {
    const connection = this.#machine.state === 'ready' ? this.#live.current : undefined;
    if (connection === undefined) throw wrongState(this.#machine.state, this.#devbox?.id);
    return connection;
  }
}
