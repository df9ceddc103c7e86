import { randomBytes, randomUUID } from 'node:crypto';
import { ActionExecutionClient } from './actionExecutionClient';
import { createDevboxSafely } from './createDevbox';
import { cancelled, RuntimeError } from './errors';
import { Emitter, type Disposable } from './events';
import { findDevbox } from './findDevbox';
import { LoopbackForwarder } from './loopbackForwarder';
import { messageOf } from './errors';
import type { Devbox, Tunnel } from './platform/devbox';
import { RunloopApi, type CallOptions, type CreateDevboxBody } from './platform/runloopApi';
import { tunnelOrigin } from './platform/tunnel';
import { containerName, containerNameKey, resolveConfig, type RunloopRuntimeOptions, type RuntimeConfig } from './runtimeConfig';
import type { ConnectPhase, RuntimeEvent } from './runtimeStatus';
import { actionServerPort, entrypoint, sessionKeyFile, vscodePort } from './startupCommand';
import { waitUntilAlive, waitUntilRunning, endedError } from './waitForDevbox';

type State = 'new' | 'connecting' | 'ready' | 'failed' | 'closed';

/** Milliseconds that cleaning up after a failed connect may take. */
const cleanUpMs = 60_000;
/** Metadata by which a devbox is found whose create answer was lost. */
const requestKey = 'runloop-devboxes-request';

/**
 * OpenHands' RunloopRuntime: creates a devbox or attaches to one, waits for it and its action server, runs actions in
 * it, hands out its VS Code URL, and closes it.
 *
 * One runtime belongs to one devbox and connects once. What it created is shut down again when connecting fails or
 * is cancelled; what it attached to is never touched.
 */
export class RunloopRuntime {
  readonly config: RuntimeConfig;
  readonly api: RunloopApi;
  readonly #events = new Emitter<RuntimeEvent>();
  readonly #forwarder = new LoopbackForwarder();
  #state: State = 'new';
  #devbox: Devbox | undefined;
  #tunnel: Tunnel | undefined;
  #client: ActionExecutionClient | undefined;
  #createdHere = false;
  #closing: Promise<void> | undefined;
  #connecting: Promise<void> | undefined;
  readonly #abandon = new AbortController();

  /** @throws RuntimeError for options that cannot work, before any request (`missing_api_key`, `invalid_option`). */
  constructor(options: RunloopRuntimeOptions) {
    this.config = resolveConfig(options);
    this.api = new RunloopApi({ apiKey: options.apiKey, baseUrl: this.config.baseUrl }, (request) =>
      this.#events.fire({ type: 'request', request }),
    );
  }

  /** Statuses and phases as they happen. */
  onEvent(listener: (event: RuntimeEvent) => void): Disposable {
    return this.#events.on(listener);
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
    return this.#tunnel === undefined ? undefined : this.#origin(actionServerPort, this.#tunnel);
  }

  /** @throws RuntimeError `closed` unless the runtime is ready. */
  get actions(): ActionExecutionClient {
    if (this.#state !== 'ready' || this.#client === undefined) throw this.#notReady();
    return this.#client;
  }

  /**
   * Brings the runtime to ready. After a failure nothing that it created is left behind.
   *
   * @throws RuntimeError that says what happened and what to do next; `cancelled` when the signal was aborted.
   */
  async connect(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#state !== 'new') {
      throw new RuntimeError({
        code: 'closed',
        message: 'This runtime was connected before.',
        nextStep: 'Make a new runtime for each connection.',
        devboxId: this.#devbox?.id,
      });
    }
    this.#state = 'connecting';
    this.#events.fire({ type: 'status', status: 'STATUS$STARTING_RUNTIME' });
    this.#connecting = this.#connectOrCleanUp(options.signal);
    await this.#connecting;
  }

  /**
   * URL of the devbox's VS Code, in its workspace folder, for a browser on this machine. Contains the VS Code
   * token: open it, never print it. Asked anew each time, as token and tunnel change when a devbox is resumed (D30).
   *
   * @returns undefined if the devbox has no VS Code
   */
  async vscodeUrl(signal?: AbortSignal): Promise<string | undefined> {
    const token = await this.actions.connectionToken(signal);
    if (token === undefined || token === '' || this.#tunnel === undefined) return undefined;
    const origin = this.#origin(vscodePort, this.#tunnel);
    const reachable =
      this.#tunnel.authToken === undefined
        ? origin
        : await this.#forwarder.originFor({ origin, tunnelToken: this.#tunnel.authToken });
    return `${reachable}/?${new URLSearchParams({ tkn: token, folder: this.config.workspacePath }).toString()}`;
  }

  /**
   * Ends this runtime. By default the devbox is shut down if this runtime created it and kept if it was attached;
   * `mode` decides otherwise. Harmless when called again.
   *
   * @throws RuntimeError if the shutdown is refused; a repeated close reports the same outcome.
   */
  async close(options: { readonly mode?: 'default' | 'keep' | 'shutdown' } = {}): Promise<void> {
    this.#closing ??= this.#close(options.mode ?? 'default');
    await this.#closing;
  }

  async #connectOrCleanUp(outer: AbortSignal | undefined): Promise<void> {
    const deadline = AbortSignal.timeout(this.config.connectTimeoutMs);
    const signal = AbortSignal.any([deadline, this.#abandon.signal, ...(outer === undefined ? [] : [outer])]);
    try {
      await this.#connectSteps(signal);
      this.#state = 'ready';
      this.#phase('ready');
      this.#events.fire({ type: 'status', status: 'STATUS$READY' });
    } catch (error) {
      this.#state = 'failed';
      let failure = this.#asFailure(error, outer, deadline);
      if (this.#createdHere && this.#devbox !== undefined) {
        failure = await this.#shutDownAfter(failure, this.#devbox);
      }
      this.#forwarder.dispose();
      this.#events.fire({ type: 'status', status: 'STATUS$ERROR', error: failure });
      throw failure;
    }
  }

  async #connectSteps(signal: AbortSignal): Promise<void> {
    const call: CallOptions & { signal: AbortSignal } = {
      signal,
      onWait: ({ error, seconds }) =>
        this.#events.fire({
          type: 'waiting',
          reason: RuntimeError.is(error, 'rate_limited') ? 'rate_limited' : 'network',
          seconds: Math.ceil(seconds),
        }),
    };
    const sessionKey = this.config.attachToExisting ? undefined : randomBytes(32).toString('hex');
    let devbox = sessionKey === undefined ? await this.#find(call) : await this.#create(sessionKey, call);
    this.#phase('provisioning', devbox);
    devbox = await waitUntilRunning(this.api, devbox, {
      ...call,
      onStatus: (changed) => {
        this.#devbox = changed;
        this.#phase('provisioning', changed);
      },
    });
    this.#devbox = devbox;
    this.#events.fire({ type: 'status', status: 'STATUS$RUNTIME_STARTED' });
    this.#phase('startingServer', devbox);
    const tunnel = await this.api.ensureTunnel(devbox, this.config.tunnelAuthMode, call);
    this.#tunnel = tunnel;
    const client = new ActionExecutionClient({
      url: this.#origin(actionServerPort, tunnel),
      sessionKey: sessionKey ?? (await this.#knownSessionKey(devbox, call)),
      tunnelToken: tunnel.authToken,
      devboxId: devbox.id,
    });
    await waitUntilAlive(this.api, client, devbox, {
      ...call,
      // A devbox that we did not start may not have a server at all; one that runs answers soon.
      ...(this.config.attachToExisting && devbox.metadata[containerNameKey] === undefined ? { boundMs: 15_000 } : {}),
    });
    // `/alive` asks for no key; this tells now whether ours is the right one.
    await client.listFiles(undefined, signal);
    this.#client = client;
  }

  async #create(sessionKey: string, call: CallOptions & { signal: AbortSignal }): Promise<Devbox> {
    this.#phase('creating');
    const requestId = randomUUID();
    const body: CreateDevboxBody = {
      name: this.config.sid,
      entrypoint: entrypoint(this.config),
      blueprint_name: this.config.blueprintName,
      metadata: { [containerNameKey]: containerName(this.config.sid), [requestKey]: requestId },
      mounts: [{ type: 'file_mount', target: sessionKeyFile, content: sessionKey }],
      tunnel: { auth_mode: this.config.tunnelAuthMode, http_keep_alive: false },
      launch_parameters: {
        resource_size_request: this.config.resourceSize,
        keep_alive_time_seconds: this.config.keepAliveSeconds,
        ...(this.config.launchCommands.length === 0 ? {} : { launch_commands: this.config.launchCommands }),
      },
    };
    const devbox = await createDevboxSafely(this.api, body, {
      ...call,
      requestId,
      requestKey,
      // Known from the first moment, so that whatever fails next can be cleaned up (D6).
      onCreated: (created) => {
        this.#devbox = created;
        this.#createdHere = true;
      },
    });
    await this.config.sessionKeys?.set(devbox.id, sessionKey);
    return devbox;
  }

  async #find(call: CallOptions): Promise<Devbox> {
    this.#phase('looking');
    const devbox = await findDevbox(this.api, this.config, call);
    this.#devbox = devbox;
    if (devbox.status === 'failure' || devbox.status === 'shutdown') {
      throw await endedError(this.api, devbox, 'before this window attached to it');
    }
    return devbox;
  }

  /** The session key from an earlier start, else from the devbox itself; undefined if its server asks for none. */
  async #knownSessionKey(devbox: Devbox, call: CallOptions): Promise<string | undefined> {
    const stored = await this.config.sessionKeys?.get(devbox.id);
    if (stored !== undefined) return stored;
    try {
      const key = (await this.api.readFile(devbox.id, sessionKeyFile, call)).trim();
      if (key === '') return undefined;
      await this.config.sessionKeys?.set(devbox.id, key);
      return key;
    } catch (error) {
      // Without the file the server was started by somebody else, as upstream does it: without a key.
      if (RuntimeError.is(error) && (error.status === 404 || error.status === 400)) return undefined;
      throw error;
    }
  }

  async #shutDownAfter(failure: RuntimeError, devbox: Devbox): Promise<RuntimeError> {
    try {
      await this.api.shutdown(devbox.id, { signal: AbortSignal.timeout(cleanUpMs) });
      await this.config.sessionKeys?.delete(devbox.id);
      return failure;
    } catch (error) {
      return new RuntimeError({
        code: failure.code,
        message: `${failure.message} The devbox ${devbox.id} could not be shut down afterwards: ${messageOf(error)}`,
        nextStep: 'Shut it down from the Runloop view, as it may still cost money.',
        devboxId: devbox.id,
        status: failure.status,
        logTail: failure.logTail,
        cause: failure,
      });
    }
  }

  async #close(mode: 'default' | 'keep' | 'shutdown'): Promise<void> {
    this.#abandon.abort();
    // A connect under way cleans up after itself; its failure is told to whoever called it.
    await this.#connecting?.catch(() => undefined);
    const ready = this.#state === 'ready';
    this.#state = 'closed';
    this.#client = undefined;
    this.#forwarder.dispose();
    const devbox = this.#devbox;
    const shutdown = mode === 'shutdown' || (mode === 'default' && this.#createdHere);
    try {
      if (devbox !== undefined && shutdown && (ready || !this.#createdHere)) {
        await this.api.shutdown(devbox.id, { signal: AbortSignal.timeout(cleanUpMs) });
        await this.config.sessionKeys?.delete(devbox.id);
      }
    } finally {
      this.#events.fire({ type: 'status', status: 'STATUS$STOPPED' });
      this.#events.dispose();
    }
  }

  #origin(port: number, tunnel: Tunnel): string {
    const { baseUrl } = this.api;
    return tunnelOrigin({ port, key: tunnel.key, apiBaseUrl: baseUrl, template: this.config.tunnelUrlTemplate });
  }

  #phase(phase: ConnectPhase, devbox: Devbox | undefined = this.#devbox): void {
    this.#events.fire({ type: 'phase', phase, ...(devbox === undefined ? {} : { devbox }) });
  }

  #asFailure(error: unknown, outer: AbortSignal | undefined, deadline: AbortSignal): RuntimeError {
    if (outer?.aborted === true || this.#abandon.signal.aborted) return cancelled(this.#devbox?.id);
    if (deadline.aborted) {
      return new RuntimeError({
        code: 'deadline',
        message: `Connecting took longer than ${Math.round(this.config.connectTimeoutMs / 1000)} s.`,
        nextStep: 'Show the output of the devbox, then try again.',
        devboxId: this.#devbox?.id,
        cause: error,
      });
    }
    if (RuntimeError.is(error)) return error;
    return new RuntimeError({
      code: 'unexpected_answer',
      message: `Connecting failed: ${messageOf(error)}`,
      nextStep: 'Please report this, with the output of the devbox.',
      devboxId: this.#devbox?.id,
      cause: error,
    });
  }

  #notReady(): RuntimeError {
    return new RuntimeError({
      code: 'closed',
      message: this.#state === 'closed' ? 'This runtime is closed.' : 'This runtime is not connected yet.',
      nextStep: 'Attach to the devbox, then try again.',
      devboxId: this.#devbox?.id,
    });
  }
}
