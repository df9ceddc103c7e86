import type { Runloop } from '@runloop/api-client';
import type { RequestOptions } from '@runloop/api-client/core';
import { randomUUID } from 'node:crypto';
import { startDeadline } from '../../ground/deadline';
import { endedBy, RuntimeError } from '../errors';
import { tell } from '../events';
import { parseJson } from '../parse';
import { retrying, type RetryingOptions } from '../http/retry';
import { readRule, repeatableChangeRule, type RetryRule } from '../http/retryRules';
import { isJsonType, unexpected } from './answers';
import { fromSdkError } from './apiErrors';
import type { ApiAccount } from './client';
import { openSdk } from './openSdk';
import { ServerClock } from './serverClock';
import { platformProblem } from '../problems/platform';
import { phrase, type Task } from '../problems/phrases';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: RetryingOptions['onWait'];
  /** Another rule than the usual one, for callers that come back by themselves. */
  readonly rule?: RetryRule;
}

/** What one call is about, for its errors. */
export interface CallContext {
  /** What is being done, as in "while reading a devbox". */
  readonly doing: Task;
  readonly devboxId?: string | undefined;
}

/** One request that went to the API, for logs and counts. */
export interface SentRequest {
  readonly method: 'get' | 'post';
  /** Without the query. */
  readonly path: string;
}

/** Milliseconds until the API must have begun to answer a request. */
const requestTimeoutMs = 30_000;
/** Milliseconds that an answer may take to arrive once it began. */
const bodyTimeoutMs = 60_000;

/** What the SDK takes for one request, and how long its answer may take to arrive. */
export type ApiRequest = Omit<RequestOptions, 'signal'> & {
  readonly bodyTimeoutMs?: number;
  /** The answer is to be a text, not JSON. */
  readonly asText?: boolean;
};

/**
 * How the core's calls go to Runloop's API: through the SDK, which is loaded by the first of them; with typed errors,
 * our own retry rules, and one deadline over the whole call (the SDK's own ends when the answer begins).
 */
export class ApiCalls {
  /** The time as the API's server sees it. */
  readonly clock = new ServerClock();
  readonly #account: ApiAccount;
  readonly #onRequest: ((request: SentRequest) => void) | undefined;
  #sdk: Promise<Runloop> | undefined;

  constructor(account: ApiAccount, onRequest?: (request: SentRequest) => void) {
    this.#account = account;
    this.#onRequest = onRequest;
  }

  /** A GET, tried again after passing failures. @throws RuntimeError */
  async get(
    path: string,
    context: CallContext,
    call: CallOptions,
    query?: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const request = query === undefined ? {} : { query };
    return retrying(() => this.once('get', path, request, context, call), {
      rule: call.rule ?? readRule,
      signal: call.signal,
      onWait: call.onWait,
    });
  }

  /** A POST that is safe to repeat: all its tries carry one request id. @throws RuntimeError */
  async change(path: string, context: CallContext, call: CallOptions, request: ApiRequest = {}): Promise<unknown> {
    const idempotencyKey = request.idempotencyKey ?? randomUUID();
    return retrying(() => this.once('post', path, { ...request, idempotencyKey }, context, call), {
      rule: repeatableChangeRule,
      signal: call.signal,
      onWait: call.onWait,
    });
  }

  /** One request, sent once. @throws RuntimeError `deadline` if the answer does not arrive whole in time */
  async once(
    method: 'get' | 'post',
    path: string,
    request: ApiRequest,
    context: CallContext,
    call: CallOptions,
  ): Promise<unknown> {
    const { bodyTimeoutMs: forBody = bodyTimeoutMs, timeout = requestTimeoutMs, asText = false, ...options } = request;
    // The SDK goes on listening to a signal after the call: it gets one that ends with the call.
    const limit = startDeadline(timeout + forBody, call.signal);
    try {
      return await this.#send(method, path, { ...options, timeout, signal: limit.signal }, asText);
    } catch (error) {
      // While an answer arrives, the SDK lets its reader's own abort error through.
      if (call.signal?.aborted === true) throw endedBy(call.signal, context.devboxId);
      if (limit.isOver) throw cutShort(context, timeout + forBody, error);
      throw fromSdkError(error, context.doing, context.devboxId);
    } finally {
      limit.dispose();
    }
  }

  async #send(method: 'get' | 'post', path: string, options: RequestOptions, asText: boolean): Promise<unknown> {
    this.#sdk ??= openSdk(this.#account);
    const sdk = await this.#sdk;
    if (this.#onRequest !== undefined) tell(this.#onRequest, { method, path });
    const asked = Date.now();
    const response = await (
      method === 'get' ? sdk.get<unknown, unknown>(path, options) : sdk.post<unknown, unknown>(path, options)
    ).asResponse();
    this.clock.observe(response.headers.get('date'), asked, Date.now());
    return believed(response, asText);
  }
}

/** What an answer holds, if it is of the kind that the API gives. @throws RuntimeError `unexpected_answer` */
async function believed(response: Response, asText: boolean): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  const isOfKind = asText ? /^\s*(?:text\/plain|application\/octet-stream)\b/i.test(type) : isJsonType(type);
  if (response.body === null || !isOfKind) {
    await response.body?.cancel();
    throw unexpected(asText ? 'the text of a file' : 'JSON');
  }
  const text = await response.text();
  if (asText) return text;
  const value = parseJson(text);
  if (value === undefined) throw unexpected('JSON');
  return value;
}

function cutShort(context: CallContext, limitMs: number, cause: unknown): RuntimeError {
  return new RuntimeError({
    problem: platformProblem('api_answer_unfinished', {
      seconds: Math.round(limitMs / 1000),
      task: phrase(context.doing),
    }),
    devboxId: context.devboxId,
    cause,
  });
}
