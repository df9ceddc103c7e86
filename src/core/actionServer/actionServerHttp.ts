import type { IncomingMessage } from 'node:http';
import { RuntimeError } from '../errors';
import { refusalLimits, textOf, unpacked } from '../http/answerBody';
import { headerOf, requestStream, requestText, type BodyStream, type TextAnswer } from '../http/httpRequest';
import { retryHints } from '../http/retryHints';
import { asObject, asString, parseJson } from '../parse';
import { oneLine } from '../safeText';
import { tunnelAuthorizationHeader } from '../platform/tunnel';
import { redact } from '../redact';
import { retrying, type RetryingOptions } from '../http/retry';
import { readRule } from '../http/retryRules';
import { devboxProblem } from '../problems/devbox';
import { phrase } from '../problems/phrases';

export interface ActionServer {
  /** Origin of the action server, without a trailing slash. */
  readonly url: string;
  /** What the server asks for in `X-Session-API-Key`; undefined if it asks for none. Secret. */
  readonly sessionKey: string | undefined;
  /** Bearer token of an authenticated tunnel. Secret. */
  readonly tunnelToken: string | undefined;
  readonly devboxId?: string | undefined;
}

export interface Sending {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly body?: unknown;
  readonly bodyStream?: BodyStream;
  readonly onWait?: RetryingOptions['onWait'];
}

/** Requests to one action server, with its keys, and its refusals as typed errors. */
export class ActionServerHttp {
  readonly server: ActionServer;

  constructor(server: ActionServer) {
    this.server = server;
  }

  /** The keys that every request carries. Secret. */
  get keyHeaders(): Readonly<Record<string, string>> {
    const { sessionKey, tunnelToken } = this.server;
    return {
      ...(sessionKey === undefined ? {} : { 'X-Session-API-Key': sessionKey }),
      ...(tunnelToken === undefined ? {} : { [tunnelAuthorizationHeader]: `Bearer ${tunnelToken}` }),
    };
  }

  /** Sends a request that may be repeated without harm, also after passing failures. */
  async repeatable(method: 'GET' | 'POST', path: string, request: Sending): Promise<TextAnswer> {
    return retrying(() => this.once(method, path, request), {
      rule: readRule,
      signal: request.signal,
      onWait: request.onWait,
    });
  }

  /** Sends a request once; anything but a 2xx is an error. */
  async once(method: 'GET' | 'POST', path: string, request: Sending): Promise<TextAnswer> {
    const answer = await requestText(this.#url(path), { method, ...this.#options(request) });
    this.#check(answer, path);
    return answer;
  }

  /** Like {@link once}, with the answer's body as a stream that the caller reads or destroys. */
  async stream(path: string, request: Sending): Promise<IncomingMessage> {
    const response = await requestStream(this.#url(path), { method: 'GET', ...this.#options(request) });
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300) {
      this.#check({ status, headers: response.headers, body: await textOf(unpacked(response), refusalLimits) }, path);
    }
    return response;
  }

  #url(path: string): URL {
    return new URL(`${this.server.url}${path}`);
  }

  #options(request: Sending): Parameters<typeof requestStream>[1] {
    return {
      headers: {
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.keyHeaders,
        ...request.bodyStream?.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.bodyStream === undefined ? {} : { bodyStream: request.bodyStream }),
      timeoutMs: request.timeoutMs,
      signal: request.signal,
      devboxId: this.server.devboxId,
    };
  }

  #check(answer: TextAnswer, path: string): void {
    if (answer.status >= 200 && answer.status < 300) return;
    const body = asObject(parseJson(answer.body));
    const said = asString(body?.['detail']) ?? asString(body?.['message']);
    const refused = answer.status === 401 || answer.status === 403;
    const where = path.split('?')[0] ?? path;
    // Its own refusals are JSON; who gave another one, nobody can tell.
    const ofKey = body === undefined ? 'way_refused' : 'server_session_key';
    throw new RuntimeError({
      problem: devboxProblem(refused ? ofKey : answer.status === 429 ? 'server_rate_limited' : 'server_refused', {
        path: where,
        status: answer.status,
        said: said === undefined ? phrase('no reason was given') : oneLine(redact(said), 300),
      }),
      devboxId: this.server.devboxId,
      status: answer.status,
      ...retryHints((name) => headerOf(answer.headers, name)),
    });
  }
}
