import type { Runloop } from '@runloop/api-client';
import type {
  ExecutionExecuteAsyncParams,
  ExecutionKillParams,
  ExecutionRetrieveParams,
  ExecutionSendStdInParams,
  ExecutionStreamStdoutUpdatesParams,
} from '@runloop/api-client/resources/devboxes/executions';
import { randomUUID } from 'node:crypto';
import { withDeadline } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import { asBoolean, asNumber, asObject, asString, parseJson } from '../parse';
import { objectOf, textIn } from './answers';
import type { ApiCalls, CallOptions } from './apiCalls';
import type { ApiAccess } from './client';
import { devboxPath, idInPath } from './devboxId';
import { isJson, jsonIn, openLog, type ReadLogOptions } from './logRequest';
import { platformProblem } from '../problems/platform';
import { openStream, readEvents } from './serverSentEvents';

export type OutputName = 'stdout' | 'stderr';

/** Which execution. */
export interface ExecutionId {
  readonly devboxId: string;
  readonly executionId: string;
}

/** An execution as the API shows it, parsed. Its texts are what the devbox says: hostile. */
export interface Execution {
  /** Empty where the API did not tell it. */
  readonly id: string;
  /** `completed` at its end; empty where the API did not tell it. */
  readonly status: string;
  readonly exitStatus: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Which of the two are only their ends. */
  readonly isCut: Readonly<Record<OutputName, boolean>>;
}

/** A piece of one output of an execution. */
export interface OutputPiece {
  readonly text: string;
  /** The number of bytes that the server told with it, where it did (contract §2.11). */
  readonly offset: number | undefined;
}

export interface ReadOutputOptions extends ReadLogOptions {
  /** Bytes that are known already: the stream begins behind them. */
  readonly from: number;
  /** Told when the server has agreed to send the stream. */
  readonly onOpen: () => void;
}

/** The commands that were started in devboxes. */
export class Executions {
  readonly #calls: ApiCalls;
  readonly #access: ApiAccess;

  constructor(calls: ApiCalls, access: ApiAccess) {
    this.#calls = calls;
    this.#access = access;
  }

  /** Starts a command in a devbox and does not wait for it. @returns the execution's id */
  async start(devboxId: string, command: string, call: CallOptions & { isFed?: boolean } = {}): Promise<string> {
    const path = `${devboxPath(devboxId)}/execute_async`;
    const body = {
      command,
      ...(call.isFed === true ? { attach_stdin: true } : {}),
    } satisfies ExecutionExecuteAsyncParams;
    const request = { body, idempotencyKey: randomUUID() };
    // Sent once: whether the platform drops a repeat is not promised.
    const answer = await this.#calls.once('post', path, request, { doing: 'starting a command', devboxId }, call);
    return textIn(answer, 'execution_id', 'an execution', devboxId);
  }

  /**
   * Starts a command and waits some seconds for its end. Sent again with the same command id, it runs once.
   *
   * @param command.lastLines how many lines of what it printed are told at the most
   */
  async startAndHold(
    devboxId: string,
    command: {
      readonly command: string;
      readonly commandId: string;
      readonly holdSeconds: number;
      readonly lastLines: number;
    },
    call: CallOptions,
  ): Promise<Execution> {
    const path = `${devboxPath(devboxId)}/execute`;
    const query = { last_n: String(command.lastLines) } satisfies Pick<Runloop.DevboxExecuteParams, 'last_n'>;
    const body = {
      command: command.command,
      command_id: command.commandId,
      optimistic_timeout: command.holdSeconds,
    } satisfies Runloop.DevboxExecuteParams;
    const answer = await this.#calls.change(path, { doing: 'starting a command', devboxId }, call, { query, body });
    return parseExecution(answer, devboxId);
  }

  /** @param call.lastLines how many lines of what it printed are told at the most; the API's usual number without */
  async retrieve(of: ExecutionId, call: CallOptions & { readonly lastLines?: number } = {}): Promise<Execution> {
    const query = call.lastLines === undefined ? {} : linesQuery(call.lastLines);
    const answer = await this.#calls.get(pathOf(of), { doing: 'waiting for a command' }, call, query);
    return parseExecution(answer, of.devboxId);
  }

  /** Ends what an execution has started that is still in its process group. */
  async kill(of: ExecutionId, call: CallOptions): Promise<void> {
    const body = { kill_process_group: true } satisfies ExecutionKillParams;
    const context = { doing: 'ending a command', devboxId: of.devboxId } as const;
    await this.#calls.change(`${pathOf(of)}/kill`, context, call, { body });
  }

  /** Gives an execution input. @returns false if the API says that it did not take it */
  async sendInput(of: ExecutionId, text: string, call: CallOptions): Promise<boolean> {
    const body = { text } satisfies ExecutionSendStdInParams;
    const context = { doing: 'waiting for a command', devboxId: of.devboxId } as const;
    const said = await this.#calls.change(`${pathOf(of)}/send_std_in`, context, call, { body });
    return asBoolean(asObject(said)?.['success']) !== false;
  }

  /**
   * One output of an execution from a byte on, then live, until the server ends the stream. That end may be a cut:
   * {@link Executions.isCompleted} tells.
   *
   * @throws StreamUnavailable if the server does not offer it, or no longer knows the execution; RuntimeError if it
   *   refuses; Error with a Node code on a cut
   */
  async *stream(of: ExecutionId, name: OutputName, options: ReadOutputOptions): AsyncGenerator<OutputPiece> {
    const query = { offset: String(options.from) } satisfies ExecutionStreamStdoutUpdatesParams;
    const path = `${streamPathOf(of)}/stream_${name}_updates?${new URLSearchParams(query).toString()}`;
    const response = await openStream(this.#access, path, of.devboxId, options);
    options.onOpen();
    for await (const batch of readEvents(response, options.onBytes)) {
      for (const { json } of batch) {
        const event = asObject(parseJson(json));
        const text = asString(event?.['output']);
        if (text !== undefined) yield { text, offset: asNumber(event?.['offset']) };
      }
    }
  }

  /**
   * True if an execution has ended, or is not known any more: nothing comes after what its streams have given.
   *
   * @throws RuntimeError; Error with a Node code on a cut
   */
  async isCompleted(of: ExecutionId, options: ReadLogOptions): Promise<boolean> {
    return withDeadline(30_000, options.signal, async (signal) => {
      // One line of its output: the answer is about its status.
      const path = `${streamPathOf(of)}?${new URLSearchParams(linesQuery(1)).toString()}`;
      const json = { accept: 'application/json' };
      const response = await openLog(this.#access, path, of.devboxId, { ...options, signal }, json);
      if (response.statusCode === 404) {
        response.destroy();
        return true;
      }
      const status = response.statusCode ?? 0;
      if (status >= 400 && isJson(response)) {
        response.destroy();
        // Not that it has answered with something else, which would be for who looks after its address.
        throw new RuntimeError({ problem: platformProblem('log_refused', { status }), devboxId: of.devboxId, status });
      }
      const answer = await jsonIn(response, 'an execution', options);
      return textIn(answer, 'status', 'an execution', of.devboxId) === 'completed';
    });
  }
}

function pathOf({ devboxId, executionId }: ExecutionId): string {
  return `${devboxPath(devboxId)}/executions/${encodeURIComponent(executionId)}`;
}

/** Below `/v1/devboxes/`. */
function linesQuery(lastLines: number): { readonly last_n: string } {
  return { last_n: String(lastLines) } satisfies ExecutionRetrieveParams;
}

function streamPathOf({ devboxId, executionId }: ExecutionId): string {
  return `${idInPath(devboxId)}/executions/${encodeURIComponent(executionId)}`;
}

function parseExecution(value: unknown, devboxId: string): Execution {
  const view = objectOf(value, 'an execution', devboxId);
  return {
    id: asString(view['execution_id']) ?? '',
    status: asString(view['status']) ?? '',
    exitStatus: asNumber(view['exit_status']),
    stdout: asString(view['stdout']) ?? '',
    stderr: asString(view['stderr']) ?? '',
    isCut: {
      stdout: asBoolean(view['stdout_truncated']) === true,
      stderr: asBoolean(view['stderr_truncated']) === true,
    },
  };
}
