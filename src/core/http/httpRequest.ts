import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { linkSignals, startDeadline } from '../../ground/deadline';
import { endedBy, messageOf, RuntimeError } from '../errors';
import { longestSilenceMs, mostAnswerBytes, refusalLimits, textOf, unpacked } from './answerBody';
import { gatekeeperRefusal, proxyRefusal } from './gatekeepers';
import { isLoopbackHost } from './loopback';
import { startRequest } from './network';
import { httpProblem } from '../problems/http';
import { phrase } from '../problems/phrases';

/** A body that is sent while it is read, with the headers that describe it. */
export interface BodyStream {
  readonly stream: Readable;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpRequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyStream?: BodyStream;
  /** Milliseconds until the whole answer must be there; for a stream, until its headers are. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Whose devbox is asked, for errors. */
  readonly devboxId?: string | undefined;
}

export interface TextAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A header's text, where it was sent once. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Sends a request and gives the answer as soon as its headers are there. No redirect is followed. The caller must read
 * or destroy the stream, within limits ({@link unpacked}, `piecesOf`).
 *
 * @throws RuntimeError `cancelled`, `deadline` or `network`; an HTTP error status is an answer, not an error, unless it
 *   is that of a proxy.
 */
export async function requestStream(url: URL, options: HttpRequestOptions): Promise<IncomingMessage> {
  // Ended with the answer's headers: whoever reads on is ended by the caller's signal.
  const limit = startDeadline(options.timeoutMs);
  const either = linkSignals(limit.signal, options.signal);
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const request = startRequest(url, {
        method: options.method ?? 'GET',
        headers: {
          ...options.headers,
          ...(options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }),
        },
        signal: either.signal,
      });
      request.once('response', (response) => {
        const refusal = refusalOnTheWay(url, response, options.devboxId);
        // One that does not name the protocol is given as an answer like others, and its connection would be used again.
        const isSwitch = response.statusCode === 101;
        if (refusal === undefined && !isSwitch) {
          resolve(response);
          return;
        }
        response.destroy();
        reject(refusal ?? protocolNotRequested(options.devboxId));
      });
      // Without a listener the connection would end and nobody be told.
      request.once('upgrade', (_response, socket) => {
        socket.destroy();
        reject(protocolNotRequested(options.devboxId));
      });
      request.once('error', reject);
      request.once('close', () => {
        either.dispose();
        reject(new Error('the connection was closed')); // Does nothing after an answer.
      });
      send(request, options);
    });
  } catch (error) {
    either.dispose();
    throw requestError(error, url, options, limit.isOver);
  } finally {
    limit.dispose();
  }
}

/** Sends a request and reads the answer as text, of a refusal the beginning. Errors as with {@link requestStream}. */
export async function requestText(url: URL, options: HttpRequestOptions): Promise<TextAnswer> {
  const limit = startDeadline(options.timeoutMs, options.signal);
  try {
    const response = await requestStream(url, { ...options, signal: limit.signal });
    const status = response.statusCode ?? 0;
    const isRefusal = status < 200 || status >= 300;
    const limits = isRefusal ? refusalLimits : { maxBytes: mostAnswerBytes, silenceMs: longestSilenceMs };
    const body = await textOf(unpacked(response), { ...limits, devboxId: options.devboxId });
    return { status, headers: response.headers, body };
  } catch (error) {
    if (RuntimeError.is(error) && !limit.isOver) throw error;
    throw requestError(error, url, options, limit.isOver);
  } finally {
    limit.dispose();
  }
}

function send(request: ClientRequest, { body, bodyStream }: HttpRequestOptions): void {
  if (bodyStream === undefined) {
    request.end(body);
    return;
  }
  const { stream } = bodyStream;
  // A source that cannot be read ends the request; a server that answers early ends the source.
  stream.once('error', (error) => request.destroy(error));
  request.once('close', () => stream.destroy());
  stream.pipe(request);
}

/** What somebody between us and the server has said in its place. */
export function refusalOnTheWay(
  url: URL,
  response: IncomingMessage,
  devboxId: string | undefined,
): RuntimeError | undefined {
  const status = response.statusCode ?? 0;
  // An editor gives a proxy's refusal of a tunnel as the answer; it has not come through the server's encryption.
  const isProxys = url.protocol === 'https:' && !isLoopbackHost(url.hostname) && !('encrypted' in response.socket);
  return isProxys ? proxyRefusal(status, devboxId) : gatekeeperRefusal(status, devboxId);
}

function protocolNotRequested(devboxId: string | undefined): RuntimeError {
  return new RuntimeError({ problem: httpProblem('protocol_not_requested'), devboxId, status: 101 });
}

export function requestError(
  error: unknown,
  url: URL,
  options: Pick<HttpRequestOptions, 'devboxId' | 'signal' | 'timeoutMs'>,
  timedOut: boolean,
): RuntimeError {
  const { devboxId } = options;
  if (options.signal?.aborted === true) return endedBy(options.signal, devboxId);
  // The host only: paths and queries carry tokens. Of a tunnel not even that, as its name is the key to it.
  const whom = devboxId === undefined ? url.host : phrase('devbox {devbox}', { devbox: devboxId });
  const cause = deepest(error);
  const said = devboxId === undefined ? cause : withoutHost(cause, url);
  if (timedOut) {
    return new RuntimeError({
      problem: httpProblem('no_answer_within', { whom, seconds: Math.round(options.timeoutMs / 1000) }),
      devboxId,
      cause: said,
    });
  }
  if (RuntimeError.is(error)) return error;
  return new RuntimeError({
    problem: httpProblem('unreachable', { whom, why: said.message || phrase('the connection failed') }),
    devboxId,
    cause: said,
  });
}

/** What says something: several addresses that failed have one error without words, and some have only a code. */
function deepest(error: unknown): Error {
  const last: unknown = error instanceof AggregateError ? (error.errors.at(-1) ?? error) : error;
  const code = codeOf(last) ?? codeOf(error);
  const message = messageOf(last).trim() || (code ?? '');
  return last instanceof Error && message === last.message ? last : withCode(new Error(message), code);
}

/** What was thrown, with its code, without the host that was asked: Node names it where a name cannot be found. */
function withoutHost(error: Error, url: URL): Error {
  return withCode(new Error(error.message.replaceAll(url.hostname, 'its tunnel')), codeOf(error));
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function withCode(error: Error, code: string | undefined): Error {
  return code === undefined ? error : Object.assign(error, { code });
}
