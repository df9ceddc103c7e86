import { randomUUID } from 'node:crypto';
import { withDeadline } from '../../ground/deadline';
import { isTransient, RuntimeError } from '../errors';
import { asString, type JsonObject } from '../parse';
import { retrying } from '../http/retry';
import { askedForReadRule, readRule } from '../http/retryRules';
import { ApiCalls, type CallOptions, type CallSubject, type SentRequest } from './apiCalls';
import { idInPath } from './devboxId';
import { listIn, objectOf, textIn, unexpected } from './answers';
import { parseApiKey, parseBaseUrl, type ApiAccount } from './client';
import type { CreateDevboxBody } from './createDevboxBody';
import { parseDevbox, parseDevboxPage, parseTunnel, type Devbox, type DevboxPage, type Tunnel } from './devbox';
import { PageCursor } from './pageCursor';
import { logEntryIn, type LogEntry } from './logEntry';
import { listLogs } from './logList';
import { isCut } from './logRequest';
import type { ServerClock } from './serverClock';
import { parseSnapshots, type Snapshot } from './snapshot';
import { platformProblem } from '../problems/platform';
import type { Task } from '../problems/phrases';

export interface Account {
  readonly id: string;
  readonly name: string;
}

export interface Blueprint {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

/** Entries of a log that are kept at the most, where nobody asks for fewer. */
const mostLogEntries = 10_000;
/** Milliseconds that reading a log whole may take. */
const logMs = 120_000;

/**
 * Runloop's API as the core uses it: parsed answers, typed errors, our own retry rules, a signal on every call.
 * Nothing is loaded and no request is made before the first call.
 */
export class RunloopApi {
  readonly baseUrl: string;
  readonly #apiKey: string;
  readonly #calls: ApiCalls;

  /**
   * @param onRequest told of every request before it is sent, repeats included
   * @throws RuntimeError `missing_api_key`, `authentication` (malformed key) or `invalid_option` (base URL).
   */
  constructor(account: ApiAccount, onRequest?: (request: SentRequest) => void) {
    this.#apiKey = parseApiKey(account.apiKey);
    this.baseUrl = parseBaseUrl(account.baseUrl);
    this.#calls = new ApiCalls({ apiKey: this.#apiKey, baseUrl: this.baseUrl }, onRequest);
  }

  /** The time as the API's server sees it. */
  get clock(): ServerClock {
    return this.#calls.clock;
  }

  /** Authorization header for the few requests that the SDK has no call for. */
  get authorization(): string {
    return `Bearer ${this.#apiKey}`;
  }

  /** Whose key this is: the cheapest way to check it. */
  async me(call: CallOptions = {}): Promise<Account> {
    const answer = await retrying(
      () => this.#calls.once('get', '/v1/accounts/me', {}, { doing: 'checking the API key' }, call),
      { rule: askedForReadRule, signal: call.signal, onWait: call.onWait },
    );
    const account = objectOf(answer, 'an account');
    return { id: textIn(account, 'id', 'an account'), name: asString(account['name']) ?? '' };
  }

  /**
   * Creates a devbox: sent once. Whether a failure has left one, and whether to send it again, `createDevbox.ts` finds
   * out, as repeats need not be dropped where the request id is the same.
   */
  async createDevbox(body: CreateDevboxBody, call: CallOptions & { requestId: string }): Promise<Devbox> {
    const request = { body, idempotencyKey: call.requestId };
    return parseDevbox(await this.#calls.once('post', '/v1/devboxes', request, { doing: 'creating a devbox' }, call));
  }

  async retrieve(devboxId: string, call: CallOptions = {}): Promise<Devbox> {
    return parseDevbox(await this.#calls.get(devboxPath(devboxId), { doing: 'reading a devbox', devboxId }, call));
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
    return parseDevboxPage(await this.#calls.get('/v1/devboxes', { doing: 'listing devboxes' }, call, parameters));
  }

  /**
   * Every devbox with this status, over all pages; without a status, every devbox of the account.
   *
   * @returns whether that is all: false if entries could not be read
   * @throws RuntimeError `unexpected_answer` if the pages have no end: what was not found may be there all the same
   */
  async *list(
    filter: { status?: string; pageSize?: number },
    call: CallOptions & { readonly onMalformed?: (count: number) => void } = {},
  ): AsyncGenerator<Devbox, boolean> {
    let isWhole = true;
    const pages = new PageCursor('devboxes');
    do {
      const page = await this.listPage(
        { status: filter.status, after: pages.after, limit: filter.pageSize ?? 200 },
        call,
      );
      yield* page.devboxes;
      if (page.malformed > 0) call.onMalformed?.(page.malformed);
      isWhole &&= page.isWhole;
      pages.advance(page);
    } while (pages.after !== undefined);
    return isWhole;
  }

  /** The newest disk snapshots that were made of a devbox, at most `limit`. */
  async snapshotsOf(devboxId: string, limit: number, call: CallOptions = {}): Promise<readonly Snapshot[]> {
    const query = { devbox_id: devboxId, limit, include_total_count: false };
    return parseSnapshots(
      await this.#calls.get('/v1/devboxes/disk_snapshots', { doing: 'listing snapshots', devboxId }, call, query),
    );
  }

  /** The name of a blueprint; empty if it has none. */
  async blueprintName(blueprintId: string, call: CallOptions = {}): Promise<string> {
    const path = `/v1/blueprints/${encodeURIComponent(blueprintId)}`;
    const blueprint = objectOf(await this.#calls.get(path, { doing: 'reading a blueprint' }, call), 'a blueprint');
    textIn(blueprint, 'id', 'a blueprint');
    return asString(blueprint['name']) ?? '';
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
    const path = `${devboxPath(devboxId)}/wait_for_status`;
    const request = { body: { statuses, timeout_seconds: holdSeconds }, timeout: (holdSeconds + 20) * 1000 };
    try {
      return parseDevbox(
        await this.#calls.once('post', path, request, { doing: 'waiting for a devbox', devboxId }, call),
      );
    } catch (error) {
      if (RuntimeError.is(error) && error.status === 408) return undefined;
      throw error;
    }
  }

  /**
   * Shuts a devbox down for good; harmless when it already is.
   *
   * @throws RuntimeError `conflict` while a snapshot is taken, unless `force`
   */
  async shutdown(devboxId: string, call: CallOptions & { readonly force?: boolean } = {}): Promise<Devbox> {
    const query = call.force === true ? '?force=true' : '';
    const subject: CallSubject = { doing: 'shutting down a devbox', devboxId };
    return parseDevbox(await this.#calls.change(`${devboxPath(devboxId)}/shutdown${query}`, subject, call));
  }

  /** Starts a command in a devbox and does not wait for it. @returns the execution's id */
  async start(devboxId: string, command: string, call: CallOptions & { isFed?: boolean } = {}): Promise<string> {
    const path = `${devboxPath(devboxId)}/execute_async`;
    const body = call.isFed === true ? { command, attach_stdin: true } : { command };
    const request = { body, idempotencyKey: randomUUID() };
    // Sent once: whether the platform drops a repeat is not promised.
    const answer = await this.#calls.once('post', path, request, { doing: 'starting a command', devboxId }, call);
    return textIn(answer, 'execution_id', 'an execution', devboxId);
  }

  /** The tunnel of a running devbox, made if it has none. */
  async ensureTunnel(devbox: Devbox, authMode: 'open' | 'authenticated', call: CallOptions = {}): Promise<Tunnel> {
    if (devbox.tunnel !== undefined) return devbox.tunnel;
    const subject: CallSubject = { doing: 'opening a tunnel', devboxId: devbox.id };
    const request = { body: { auth_mode: authMode, http_keep_alive: false } };
    try {
      const tunnel = parseTunnel(
        await this.#calls.once('post', `${devboxPath(devbox.id)}/enable_tunnel`, request, subject, call),
      );
      if (tunnel !== undefined) return tunnel;
    } catch (error) {
      // 400 also means "has one already": another window was faster, or an answer was lost.
      if (!RuntimeError.is(error) || error.status !== 400) throw error;
      const { tunnel } = await this.retrieve(devbox.id, call);
      if (tunnel !== undefined) return tunnel;
      throw error;
    }
    throw new RuntimeError({ problem: platformProblem('tunnel_nameless'), devboxId: devbox.id });
  }

  /** The newest entries of a devbox's log, oldest first; at most `last`. */
  async logs(devboxId: string, call: CallOptions & { readonly last?: number } = {}): Promise<readonly LogEntry[]> {
    const retryOn = (error: unknown): boolean => isTransient(error) || isCut(error);
    const { rule = readRule, onWait, last = mostLogEntries } = call;
    return withDeadline(logMs, call.signal, (signal) =>
      retrying(() => this.#newestEntries(devboxId, last, signal), { rule, signal, onWait, retryOn }),
    );
  }

  async #newestEntries(devboxId: string, last: number, signal: AbortSignal): Promise<LogEntry[]> {
    let entries: LogEntry[] = [];
    for await (const batch of listLogs(this, devboxId, { signal })) {
      for (const { json } of batch) entries.push(logEntryIn(json));
      if (entries.length > 2 * last) entries = entries.slice(-last);
    }
    return entries.slice(-last);
  }

  async readFile(devboxId: string, filePath: string, call: CallOptions = {}): Promise<string> {
    const options = { body: { file_path: filePath }, headers: { accept: 'text/plain' }, asText: true };
    const path = `${devboxPath(devboxId)}/read_file_contents`;
    const text = asString(
      await this.#calls.change(path, { doing: 'reading a file of a devbox', devboxId }, call, options),
    );
    if (text === undefined) throw unexpected('the text of a file', devboxId);
    return text;
  }

  async blueprintsNamed(name: string, call: CallOptions = {}): Promise<readonly Blueprint[]> {
    const query = { name, limit: 100, include_total_count: false };
    const answers = await Promise.all(
      ['/v1/blueprints', '/v1/blueprints/list_public'].map((path) =>
        this.#calls.get(path, { doing: 'listing blueprints' }, call, query),
      ),
    );
    return answers
      .flatMap((answer) => listIn(answer, 'blueprints', 'a list of blueprints', parseBlueprint).entries)
      .filter((blueprint) => blueprint.name === name);
  }

  /** GET, parsed by the caller: for the other files of `platform/`. Tried again after passing failures. */
  async read(
    path: string,
    doing: Task,
    call: CallOptions,
    query?: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    return this.#calls.get(path, { doing }, call, query);
  }

  /**
   * POST, parsed by the caller: for the other files of `platform/`. Tried again after passing failures, with one
   * request id.
   */
  async change(
    path: string,
    doing: Task,
    body: Readonly<Record<string, unknown>> | undefined,
    call: CallOptions,
    devboxId?: string,
  ): Promise<unknown> {
    return this.#calls.change(path, { doing, devboxId }, call, body === undefined ? {} : { body });
  }

  /** POST, parsed by the caller, sent once: for what makes something that is paid for ({@link makeOnce}). */
  async changeOnce(
    path: string,
    doing: Task,
    body: Readonly<Record<string, unknown>>,
    call: CallOptions,
    requestId: string,
    devboxId?: string,
  ): Promise<unknown> {
    return this.#calls.once('post', path, { body, idempotencyKey: requestId }, { doing, devboxId }, call);
  }
}

function parseBlueprint(view: JsonObject): Blueprint | undefined {
  const id = asString(view['id']);
  return id === undefined
    ? undefined
    : { id, name: asString(view['name']) ?? '', status: asString(view['status']) ?? '' };
}

/** Path of one devbox in the API. @throws RuntimeError for what cannot be the id of one */
export function devboxPath(devboxId: string): string {
  return `/v1/devboxes/${idInPath(devboxId)}`;
}
