import { Readable } from 'node:stream';
import type { Action, ActionArguments } from './actions';
import { ActionQueue } from './actionQueue';
import { answeredHere } from './clientSideActions';
import type { EventStream } from './eventStream';
import { ActionServerHttp, type ActionServer } from './actionServerHttp';
import { isSent, messageOf, RuntimeError } from '../errors';
import { McpTools } from './mcp/mcpTools';
import { noMcpServers, type McpServers } from './mcp/mcpServers';
import { isRunObservation, parseObservation, type Observation, type RunObservation } from './observation';
import { asArray, asNumber, asObject, asString, parseJson, type JsonObject } from '../parse';
import { oneLine } from '../safeText';
import { redact } from '../redact';
import { retrying, type RetryingOptions } from '../http/retry';
import { aliveTimeoutMs, readRule } from '../http/retryRules';
import { downloadFolder, type DownloadOptions } from './transfer/downloadFolder';
import { upload, type UploadOptions } from './transfer/upload';
import { devboxProblem } from '../problems/devbox';

export interface ClientOptions {
  /** Seconds for actions that do not say otherwise; default 120. */
  readonly timeoutSeconds?: number | undefined;
  /** Receives every action and observation. */
  readonly events?: EventStream | undefined;
  readonly mcp?: McpServers | undefined;
  /** Names the session to MCP servers. */
  readonly sid?: string | undefined;
  readonly onWait?: RetryingOptions['onWait'];
  /** Goes round everything that somebody does in the devbox and waits for. */
  readonly during?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  /** Told when the server could not be reached. */
  readonly onLost?: ((error: RuntimeError) => void) | undefined;
}

export interface RunOptions {
  /** Seconds after which the server answers although the command still runs; default 120. */
  readonly timeoutSeconds?: number;
  /** Do not answer early when the command is silent. */
  readonly blocking?: boolean;
  /** Type the text into the command that still runs. */
  readonly isInput?: boolean;
  /** Run in a shell of its own that is thrown away. */
  readonly isStatic?: boolean;
  /** Start folder; only with `isStatic`. */
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ServerInfo {
  /** Seconds since the server started, and since the last action came. */
  readonly uptime: number;
  readonly idleTime: number;
  readonly resources: JsonObject;
}

/** Seconds given to an answer beyond the action's own timeout (contract §12.1). */
const answerGraceSeconds = 5;

/**
 * Speaks to the action execution server of one devbox: every endpoint, and actions one at a time.
 *
 * Every call takes a signal; calls that change nothing are tried again after passing failures, an action is never sent
 * twice (D16). After an action timed out here, the shell counts as busy until the server answers after all (D17).
 *
 * @throws RuntimeError from every method: `session_key` for a refused key, `action_server` for other refusals,
 *   `action_timeout`, `shell_busy`, `network`, `deadline`, `closed` or `cancelled`.
 */
export class ActionExecutionClient {
  readonly #http: ActionServerHttp;
  readonly #options: ClientOptions;
  readonly #queue: ActionQueue;
  readonly #mcp: McpTools;

  constructor(server: ActionServer, options: ClientOptions = {}) {
    this.#http = new ActionServerHttp(server);
    this.#options = options;
    this.#queue = new ActionQueue(server.devboxId);
    this.#mcp = new McpTools(this.#http, options.mcp ?? noMcpServers, options.sid ?? 'default');
  }

  get devboxId(): string | undefined {
    return this.#http.server.devboxId;
  }

  /** True while the server still works on an action that has timed out or was cancelled here. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /** True if the server says that it is ready; a page of a proxy does not count (D15). */
  async alive(signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#http.once('GET', '/alive', { timeoutMs: aliveTimeoutMs, signal });
    return asString(asObject(parseJson(answer.body))?.['status']) === 'ok';
  }

  async serverInfo(signal?: AbortSignal): Promise<ServerInfo> {
    const answer = await this.#http.repeatable('GET', '/server_info', { timeoutMs: 10_000, signal });
    const info = asObject(parseJson(answer.body)) ?? {};
    return {
      uptime: asNumber(info['uptime']) ?? 0,
      idleTime: asNumber(info['idle_time']) ?? 0,
      resources: asObject(info['resources']) ?? {},
    };
  }

  /** Runs a shell command in the devbox's one shell, and waits for it as the options say. */
  async run(command: string, options: RunOptions = {}): Promise<RunObservation> {
    const args: ActionArguments['run'] = {
      command,
      is_input: options.isInput ?? false,
      blocking: options.blocking ?? false,
      // Servers before these fields existed reject them, so they go out only when asked for.
      ...(options.isStatic === undefined ? {} : { is_static: options.isStatic }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    };
    const timeout = options.timeoutSeconds === undefined ? {} : { timeout: options.timeoutSeconds };
    const observation = await this.runAction({ action: 'run', args, ...timeout }, options.signal);
    if (isRunObservation(observation)) return observation;
    throw new RuntimeError({
      problem: devboxProblem('command_not_run', { said: oneLine(redact(observation.content), 300) }),
      devboxId: this.devboxId,
    });
  }

  /**
   * Performs one action and gives its observation, also one of type `error`. Actions that arrive meanwhile wait their
   * turn. Actions that no server executes are answered here.
   */
  async runAction(action: Action, signal?: AbortSignal): Promise<Observation> {
    const { events } = this.#options;
    const cause = events?.append({ kind: 'action', action }) ?? 0;
    try {
      const observation = answeredHere(action) ?? (await this.#during(() => this.#perform(action, cause, signal)));
      events?.append({ kind: 'observation', observation, cause });
      return observation;
    } catch (error) {
      // Nobody waits for an observation that never comes: the stream says why there is none.
      const isLost = RuntimeError.is(error, 'network');
      const status = isLost ? 'STATUS$ERROR_RUNTIME_DISCONNECTED' : 'STATUS$ERROR';
      events?.append({ kind: 'status', status, message: oneLine(redact(messageOf(error)), 300), cause });
      if (isLost) this.#options.onLost?.(error);
      throw error;
    }
  }

  /** Names in one folder of the devbox, folders first and with a trailing slash. Default: the workspace. */
  async listFiles(path?: string, signal?: AbortSignal): Promise<readonly string[]> {
    const body = path === undefined ? {} : { path };
    const answer = await this.#http.repeatable('POST', '/list_files', { timeoutMs: 10_000, signal, body });
    return asArray(parseJson(answer.body)).flatMap((name) => asString(name) ?? []);
  }

  /** Token of the devbox's VS Code; undefined if it has none. Secret. */
  async connectionToken(signal?: AbortSignal): Promise<string | undefined> {
    const answer = await this.#http.repeatable('GET', '/vscode/connection_token', { timeoutMs: 10_000, signal });
    return asString(asObject(parseJson(answer.body))?.['token']);
  }

  /** Sends one file, as a stream. With `unpack` the file is a zip that is unpacked in the destination. */
  async upload(options: UploadOptions): Promise<void> {
    await this.#during(() => upload(this.#http, options));
  }

  async uploadBytes(options: Omit<UploadOptions, 'content' | 'size'> & { readonly bytes: Buffer }): Promise<void> {
    const { bytes, ...rest } = options;
    await this.upload({ ...rest, content: Readable.from([bytes]), size: bytes.length });
  }

  /** Fetches a folder as a zip file, checked before it gets its name (D26). */
  async downloadFolder(options: DownloadOptions): Promise<{ readonly bytes: number; readonly files: number }> {
    return this.#during(() => downloadFolder(this.#http, options));
  }

  /** Where the MCP servers are reached from here, built anew for each call (D32). Secret: it holds keys. */
  getMcpConfig(): McpServers {
    return this.#mcp.config();
  }

  /**
   * Registers all stdio servers in one go: servers of OpenHands serve only the first list they get (D32).
   *
   * @throws RuntimeError `mcp` with the server's reason if they did not start
   */
  async updateMcpServer(signal?: AbortSignal): Promise<void> {
    await this.#mcp.register(signal);
  }

  /** Refuses everything from now on (D35). */
  dispose(): void {
    this.#queue.dispose();
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    const { during } = this.#options;
    return during === undefined ? work() : during(work);
  }

  async #perform(action: Action, cause: number, signal: AbortSignal | undefined): Promise<Observation> {
    const timeout = action.timeout ?? this.#options.timeoutSeconds ?? 120;
    if (action.action === 'call_tool_mcp') {
      const { name, arguments: toolArguments } = action.args as ActionArguments['call_tool_mcp'];
      return this.#queue.take(() => this.#mcp.call(name, toolArguments ?? {}, timeout, signal), { signal });
    }
    return this.#queue.take((open) => this.#execute({ ...action, timeout }, open), {
      signal,
      waitMs: (timeout + answerGraceSeconds) * 1000,
      onLate: (observation) => this.#options.events?.append({ kind: 'observation', observation, cause, late: true }),
    });
  }

  /** Sends an action once; only what cannot have reached the server is sent again. */
  async #execute(action: Action, signal: AbortSignal): Promise<Observation> {
    const answer = await retrying(
      () => this.#http.once('POST', '/execute_action', { timeoutMs: longestActionMs, signal, body: { action } }),
      { rule: readRule, signal, retryOn: (error) => !isSent(error), onWait: this.#options.onWait },
    );
    return parseObservation(parseJson(answer.body), this.devboxId);
  }
}

/** Milliseconds after which nobody waits for a late answer any more. */
const longestActionMs = 86_400_000;
