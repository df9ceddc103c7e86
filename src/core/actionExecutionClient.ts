import { RuntimeError } from './errors';
import { requestText, type TextAnswer } from './httpRequest';
import { isRunObservation, parseObservation, type Observation, type RunObservation } from './observation';
import { asArray, asObject, asString, parseJson } from './parse';
import { oneLine } from './plainText';
import { tunnelAuthorizationHeader } from './platform/tunnel';
import { redact } from './redact';
import { aliveTimeoutMs, readRule, retrying } from './retry';

export interface ActionServer {
  /** Origin of the action server, without a trailing slash. */
  readonly url: string;
  /** What the server asks for in `X-Session-API-Key`; undefined if it asks for none. Secret. */
  readonly sessionKey: string | undefined;
  /** Bearer token of an authenticated tunnel. Secret. */
  readonly tunnelToken: string | undefined;
  readonly devboxId?: string | undefined;
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

/** Seconds given to an answer beyond the action's own timeout (contract §12.1). */
const answerGraceSeconds = 5;

/**
 * Speaks to the action execution server of one devbox. Every call takes a signal; calls that change nothing are
 * tried again after passing failures, an action is never sent twice (D16).
 *
 * @throws RuntimeError from every method: `session_key` for a refused key, `action_server` for other refusals,
 *   `action_timeout`, `network`, `deadline` or `cancelled`.
 */
export class ActionExecutionClient {
  readonly #server: ActionServer;

  constructor(server: ActionServer) {
    this.#server = server;
  }

  /** True if the server says that it is ready; a page of a proxy does not count (D15). */
  async alive(signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#send('GET', '/alive', { timeoutMs: aliveTimeoutMs, signal });
    this.#check(answer, '/alive');
    return asString(asObject(parseJson(answer.body))?.['status']) === 'ok';
  }

  /** Runs a shell command in the devbox's one shell, and waits for it as the options say. */
  async run(command: string, options: RunOptions = {}): Promise<RunObservation> {
    const observation = await this.runAction(
      {
        action: 'run',
        args: {
          command,
          is_input: options.isInput ?? false,
          blocking: options.blocking ?? false,
          // Servers before these fields existed reject them, so they go out only when asked for.
          ...(options.isStatic === undefined ? {} : { is_static: options.isStatic }),
          ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        },
        timeout: options.timeoutSeconds ?? 120,
      },
      options.signal,
    );
    if (isRunObservation(observation)) return observation;
    throw new RuntimeError({
      code: 'action_server',
      message: `The command was not run: ${oneLine(redact(observation.content), 300)}`,
      nextStep: 'Send one command at a time, joined with && or ;.',
      devboxId: this.#server.devboxId,
    });
  }

  /** Sends one action and gives its observation, also one of type `error`. */
  async runAction(
    action: { readonly action: string; readonly args: Readonly<Record<string, unknown>>; readonly timeout?: number },
    signal?: AbortSignal,
  ): Promise<Observation> {
    const seconds = (action.timeout ?? 120) + answerGraceSeconds;
    try {
      const answer = await this.#send('POST', '/execute_action', {
        timeoutMs: seconds * 1000,
        signal,
        body: { action },
      });
      this.#check(answer, '/execute_action');
      return parseObservation(parseJson(answer.body));
    } catch (error) {
      if (!RuntimeError.is(error, 'deadline')) throw error;
      throw new RuntimeError({
        code: 'action_timeout',
        message: `The action did not answer within ${seconds} s. It still runs in the devbox and keeps its shell busy.`,
        nextStep: 'Wait for it, or interrupt it from a terminal of the devbox.',
        devboxId: this.#server.devboxId,
        cause: error,
      });
    }
  }

  /** Names in one folder of the devbox, folders first and with a trailing slash. Default: the workspace. */
  async listFiles(path?: string, signal?: AbortSignal): Promise<readonly string[]> {
    const answer = await this.#repeatable('POST', '/list_files', {
      timeoutMs: 10_000,
      signal,
      body: path === undefined ? {} : { path },
    });
    return asArray(parseJson(answer.body)).flatMap((name) => asString(name) ?? []);
  }

  /** Token of the devbox's VS Code; undefined if it has none. Secret. */
  async connectionToken(signal?: AbortSignal): Promise<string | undefined> {
    const answer = await this.#repeatable('GET', '/vscode/connection_token', { timeoutMs: 10_000, signal });
    return asString(asObject(parseJson(answer.body))?.['token']);
  }

  async #repeatable(method: 'GET' | 'POST', path: string, request: Sending): Promise<TextAnswer> {
    return retrying(
      async () => {
        const answer = await this.#send(method, path, request);
        this.#check(answer, path);
        return answer;
      },
      { rule: readRule, signal: request.signal },
    );
  }

  async #send(method: 'GET' | 'POST', path: string, request: Sending): Promise<TextAnswer> {
    return requestText(new URL(`${this.#server.url}${path}`), {
      method,
      headers: {
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#server.sessionKey === undefined ? {} : { 'X-Session-API-Key': this.#server.sessionKey }),
        ...(this.#server.tunnelToken === undefined
          ? {}
          : { [tunnelAuthorizationHeader]: `Bearer ${this.#server.tunnelToken}` }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      timeoutMs: request.timeoutMs,
      signal: request.signal,
    });
  }

  #check(answer: TextAnswer, path: string): void {
    if (answer.status >= 200 && answer.status < 300) return;
    const body = asObject(parseJson(answer.body));
    const said = asString(body?.['detail']) ?? asString(body?.['message']) ?? 'no reason given';
    const refused = answer.status === 401 || answer.status === 403;
    throw new RuntimeError({
      code: refused ? 'session_key' : 'action_server',
      message: `The action server refused ${path} (${answer.status}): ${oneLine(redact(said), 300)}`,
      nextStep: refused
        ? 'Attach again: the session key or tunnel of this devbox has changed.'
        : 'Show the output of the devbox for the reason.',
      devboxId: this.#server.devboxId,
      status: answer.status,
    });
  }
}

interface Sending {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly body?: Readonly<Record<string, unknown>>;
}
