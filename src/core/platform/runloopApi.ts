import type { Runloop } from '@runloop/api-client';
import type { RequestOptions } from '@runloop/api-client/core';
import { randomUUID } from 'node:crypto';
import { asArray, asObject, asString } from '../parse';
import {
  askedForReadRule,
  readRule,
  repeatableChangeRule,
  retrying,
  type RetryingOptions,
  type RetryRule,
} from '../retry';
import { fromSdkError } from './apiErrors';
import { openSdk, parseApiKey, parseBaseUrl, type ApiAccount } from './client';
import { parseDevbox, parseDevboxPage, parseTunnel, type Devbox, type DevboxPage, type Tunnel } from './devbox';
import { ServerClock } from './serverClock';
import { parseSnapshots, type Snapshot } from './snapshot';
import { RuntimeError } from '../errors';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: RetryingOptions['onWait'];
  /** Another rule than the usual one, for callers that come back by themselves. */
  readonly rule?: RetryRule;
}

export interface Account {
  readonly id: string;
  readonly name: string;
}

export interface Blueprint {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

export interface LogEntry {
  readonly level: string;
  readonly source: string;
  /** Unix milliseconds. */
  readonly timestampMs: number | undefined;
  readonly text: string;
  readonly exitCode?: number;
  /** The execution it belongs to. */
  readonly executionId?: string;
}

/** What a create asks for; field names are Runloop's own (contract §2.4). */
export interface CreateDevboxBody {
  readonly name?: string;
  readonly entrypoint?: string;
  readonly environment_variables?: Readonly<Record<string, string>>;
  readonly blueprint_name?: string;
  readonly blueprint_id?: string;
  readonly snapshot_id?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly mounts?: readonly (
    | { readonly type: 'file_mount'; readonly target: string; readonly content: string }
    | { readonly type: 'code_mount'; readonly repo_owner: string; readonly repo_name: string }
  )[];
  readonly tunnel?: { readonly auth_mode: 'open' | 'authenticated'; readonly http_keep_alive: boolean };
  readonly launch_parameters?: {
    readonly resource_size_request?: string;
    readonly keep_alive_time_seconds?: number;
    readonly launch_commands?: readonly string[];
    readonly lifecycle?: {
      readonly after_idle: { readonly idle_time_seconds: number; readonly on_idle: 'suspend' | 'shutdown' };
    };
    readonly network_policy_id?: string;
  };
}

/** One request that went to the API, for logs and counts. */
export interface SentRequest {
  readonly method: 'get' | 'post';
  /** Without the query. */
  readonly path: string;
}

/** Milliseconds that one request to the API may take. */
const requestTimeoutMs = 30_000;

/**
 * Runloop's API as the core uses it: parsed answers, typed errors, our own retry rules, a signal on every call.
 * Nothing is loaded and no request is made before the first call.
 */
export class RunloopApi {
  readonly baseUrl: string;
  /** The time as the API's server sees it. */
  readonly clock = new ServerClock();
  readonly #account: ApiAccount;
  readonly #onRequest: ((request: SentRequest) => void) | undefined;
  #sdk: Promise<Runloop> | undefined;

  /**
   * @param onRequest told of every request before it is sent, repeats included
   * @throws RuntimeError `missing_api_key`, `authentication` (malformed key) or `invalid_option` (base URL).
   */
  constructor(account: ApiAccount, onRequest?: (request: SentRequest) => void) {
    this.#onRequest = onRequest;
    this.#account = { apiKey: parseApiKey(account.apiKey), baseUrl: parseBaseUrl(account.baseUrl) };
    this.baseUrl = this.#account.baseUrl;
  }

  /** Authorization header for the few requests that the SDK has no call for. */
  get authorization(): string {
    return `Bearer ${this.#account.apiKey}`;
  }

  /** Whose key this is: the cheapest way to check it. */
  async me(call: CallOptions = {}): Promise<Account> {
    const account = asObject(
      await retrying(() => this.#typed('get', '/v1/accounts/me', {}, 'checking the API key', call, undefined), {
        rule: askedForReadRule,
        signal: call.signal,
        onWait: call.onWait,
      }),
    );
    return { id: asString(account?.['id']) ?? '', name: asString(account?.['name']) ?? '' };
  }

  /**
   * Creates a devbox. A repeat after a lost answer carries the same request id; `attempted` tells that a request
   * went out, so that the caller can look for a devbox whose answer was lost.
   */
  async createDevbox(body: CreateDevboxBody, call: CallOptions & { requestId: string }): Promise<Devbox> {
    const options = { body, idempotencyKey: call.requestId };
    return parseDevbox(
      await this.#change('/v1/devboxes', 'creating a devbox', options, call, undefined),
    );
  }

  async retrieve(devboxId: string, call: CallOptions = {}): Promise<Devbox> {
    return parseDevbox(await this.#get(devboxPath(devboxId), 'reading a devbox', call, undefined, devboxId));
  }

  /**
   * One page of the account's devboxes, newest first as far as is known (the API does not promise an order).
   *
   * @param query `after` is the id of the last devbox of the page before
   */
  async listPage(
    query: { readonly status?: string | undefined; readonly after?: string | undefined; readonly limit: number },
    call: CallOptions = {},
  ): Promise<DevboxPage> {
    const parameters = {
      limit: query.limit,
      include_total_count: false,
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.after === undefined ? {} : { starting_after: query.after }),
    };
    return parseDevboxPage(await this.#get('/v1/devboxes', 'listing devboxes', call, parameters));
  }

  /** Every devbox with this status, over all pages; without a status, every devbox of the account. */
  async *list(filter: { status?: string; pageSize?: number }, call: CallOptions = {}): AsyncGenerator<Devbox> {
    let after: string | undefined;
    do {
      const page = await this.listPage({ status: filter.status, after, limit: filter.pageSize ?? 200 }, call);
      yield* page.devboxes;
      const last = page.devboxes.at(-1)?.id;
      // A server that says "more" without giving any would have us ask for ever.
      after = page.hasMore && last !== after ? last : undefined;
    } while (after !== undefined);
  }

  /** The newest disk snapshots that were made of a devbox, at most `limit`. */
  async snapshotsOf(devboxId: string, limit: number, call: CallOptions = {}): Promise<readonly Snapshot[]> {
    const query = { devbox_id: devboxId, limit, include_total_count: false };
    return parseSnapshots(
      await this.#get('/v1/devboxes/disk_snapshots', 'listing snapshots', call, query, devboxId),
    );
  }

  /** The name of a blueprint; empty if it has none. */
  async blueprintName(blueprintId: string, call: CallOptions = {}): Promise<string> {
    const path = `/v1/blueprints/${encodeURIComponent(blueprintId)}`;
    return asString(asObject(await this.#get(path, 'reading a blueprint', call))?.['name']) ?? '';
  }

  /**
   * Asks the server to hold until the devbox is in one of `statuses`, once.
   *
   * @returns the devbox, or undefined when the server's time was up (408).
   */
  async waitForStatus(
    devboxId: string,
    statuses: readonly string[],
    holdSeconds: number,
    call: CallOptions = {},
  ): Promise<Devbox | undefined> {
    try {
      const answer = await this.#send('post', `${devboxPath(devboxId)}/wait_for_status`, {
        body: { statuses, timeout_seconds: holdSeconds },
        timeout: (holdSeconds + 20) * 1000,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      return parseDevbox(answer);
    } catch (error) {
      const failure = fromSdkError(error, 'waiting for a devbox', devboxId);
      if (failure.status === 408) return undefined;
      throw failure;
    }
  }

  /**
   * Shuts a devbox down for good; harmless when it already is.
   *
   * @throws RuntimeError `conflict` while a snapshot is taken, unless `force`
   */
  async shutdown(devboxId: string, call: CallOptions & { readonly force?: boolean } = {}): Promise<Devbox> {
    const query = call.force === true ? '?force=true' : '';
    return parseDevbox(
      await this.#change(`${devboxPath(devboxId)}/shutdown${query}`, 'shutting a devbox down', {}, call, devboxId),
    );
  }

  /** Starts a command in a devbox and does not wait for it. @returns the execution's id */
  async start(devboxId: string, command: string, call: CallOptions = {}): Promise<string> {
    const options = { body: { command }, idempotencyKey: randomUUID(), timeout: requestTimeoutMs };
    // Sent once: whether the platform drops a repeat is not promised.
    const answer = asObject(await this.#typed('post', `${devboxPath(devboxId)}/execute_async`, options, 'starting a command', call, devboxId));
    return asString(answer?.['execution_id']) ?? '';
  }

  /** The tunnel of a running devbox, made if it has none. */
  async ensureTunnel(devbox: Devbox, authMode: 'open' | 'authenticated', call: CallOptions = {}): Promise<Tunnel> {
    if (devbox.tunnel !== undefined) return devbox.tunnel;
    try {
      const answer = await this.#send('post', `${devboxPath(devbox.id)}/enable_tunnel`, {
        body: { auth_mode: authMode, http_keep_alive: false },
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      const tunnel = parseTunnel(answer);
      if (tunnel !== undefined) return tunnel;
    } catch (error) {
      const failure = fromSdkError(error, 'opening a tunnel', devbox.id);
      // 400 also means "has one already": another window was faster, or an answer was lost.
      if (failure.status !== 400) throw failure;
      const { tunnel } = await this.retrieve(devbox.id, call);
      if (tunnel !== undefined) return tunnel;
      throw failure;
    }
    throw new RuntimeError({
      code: 'unexpected_answer',
      message: 'The Runloop API opened a tunnel without naming it.',
      nextStep: 'Try again; if it stays so, the platform is not compatible.',
      devboxId: devbox.id,
    });
  }

  /** The whole log of a devbox, oldest first. */
  async logs(devboxId: string, call: CallOptions = {}): Promise<readonly LogEntry[]> {
    const answer = asObject(await this.#get(`${devboxPath(devboxId)}/logs`, 'reading logs', call, undefined, devboxId));
    return asArray(answer?.['logs']).flatMap((entry) => parseLogEntry(entry) ?? []);
  }

  async readFile(devboxId: string, filePath: string, call: CallOptions = {}): Promise<string> {
    const options = { body: { file_path: filePath }, headers: { accept: 'text/plain' } };
    const path = `${devboxPath(devboxId)}/read_file_contents`;
    return asString(await this.#change(path, 'reading a file of a devbox', options, call, devboxId)) ?? '';
  }

  async blueprintsNamed(name: string, call: CallOptions = {}): Promise<readonly Blueprint[]> {
    const query = { name, limit: 100, include_total_count: false };
    const answers = await Promise.all(
      ['/v1/blueprints', '/v1/blueprints/list_public'].map((path) =>
        this.#get(path, 'listing blueprints', call, query),
      ),
    );
    return answers
      .flatMap((answer) => asArray(asObject(answer)?.['blueprints']))
      .flatMap((entry) => {
        const blueprint = asObject(entry);
        const id = asString(blueprint?.['id']);
        return id === undefined
          ? []
          : [{ id, name: asString(blueprint?.['name']) ?? '', status: asString(blueprint?.['status']) ?? '' }];
      })
      .filter((blueprint) => blueprint.name === name);
  }

  /** GET, parsed by the caller: for the other files of `platform/`. Tried again after passing failures. */
  async read(path: string, doing: string, call: CallOptions, query?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#get(path, doing, call, query);
  }

  /**
   * POST, parsed by the caller: for the other files of `platform/`. Tried again after passing failures, with one
   * request id.
   */
  async change(path: string, doing: string, body: Readonly<Record<string, unknown>> | undefined, call: CallOptions, devboxId?: string): Promise<unknown> {
    return this.#change(path, doing, body === undefined ? {} : { body }, call, devboxId);
  }

  async #get(
    path: string,
    doing: string,
    call: CallOptions,
    query?: Readonly<Record<string, unknown>>,
    devboxId?: string,
  ): Promise<unknown> {
    return retrying(
      () => this.#typed('get', path, query === undefined ? {} : { query }, doing, call, devboxId),
      { rule: call.rule ?? readRule, signal: call.signal, onWait: call.onWait },
    );
  }

  /** A POST that is safe to repeat: all its tries carry one request id. */
  async #change(
    path: string,
    doing: string,
    options: RequestOptions,
    call: CallOptions,
    devboxId: string | undefined,
  ): Promise<unknown> {
    const idempotencyKey = options.idempotencyKey ?? randomUUID();
    return retrying(
      () => this.#typed('post', path, { ...options, idempotencyKey }, doing, call, devboxId),
      { rule: repeatableChangeRule, signal: call.signal, onWait: call.onWait },
    );
  }

  async #typed(
    method: 'get' | 'post',
    path: string,
    options: RequestOptions,
    doing: string,
    call: CallOptions,
    devboxId: string | undefined,
  ): Promise<unknown> {
    try {
      return await this.#send(method, path, {
        timeout: requestTimeoutMs,
        ...options,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
    } catch (error) {
      throw fromSdkError(error, doing, devboxId);
    }
  }

  async #send(method: 'get' | 'post', path: string, options: RequestOptions): Promise<unknown> {
    this.#sdk ??= openSdk(this.#account);
    const sdk = await this.#sdk;
    this.#onRequest?.({ method, path });
    const asked = Date.now();
    // The SDK goes on listening to a signal after the call: it gets one that ends with the call.
    const { signal } = options;
    const own = signal === undefined || signal === null ? options : { ...options, signal: AbortSignal.any([signal]) };
    const { data, response } = await (method === 'get'
      ? sdk.get<unknown, unknown>(path, own)
      : sdk.post<unknown, unknown>(path, own)
    ).withResponse();
    this.clock.observe(response.headers.get('date'), asked, Date.now());
    return data;
  }
}

/** Path of one devbox in the API. */
export function devboxPath(devboxId: string): string {
  return `/v1/devboxes/${encodeURIComponent(devboxId)}`;
}

/** Reads one entry of a devbox's log; undefined if it is none. */
export function parseLogEntry(value: unknown): LogEntry | undefined {
  const entry = asObject(value);
  if (entry === undefined) return undefined;
  const time = entry['timestamp_ms'];
  const command = asString(entry['cmd']);
  const exitCode = entry['exit_code'];
  const text =
    asString(entry['message']) ??
    (command !== undefined ? `$ ${command}` : typeof exitCode === 'number' ? `exit code ${exitCode}` : undefined);
  if (text === undefined) return undefined;
  return {
    level: asString(entry['level']) ?? '',
    source: asString(entry['source']) ?? '',
    timestampMs: typeof time === 'number' ? time : undefined,
    text,
    ...(typeof exitCode === 'number' ? { exitCode } : {}),
    ...(typeof entry['cmd_id'] === 'string' ? { executionId: entry['cmd_id'] } : {}),
  };
}
