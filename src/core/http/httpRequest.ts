import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { linkSignals, startDeadline } from '../../ground/deadline';
import { endedBy, messageOf, RuntimeError } from '../errors';

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
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Browsers resolve every `*.localhost` name to the loopback address by themselves, Node does not. The host name
 * matters here, as local tunnels are told apart by it.
 */
export const loopbackLookup: LookupFunction = (_hostname, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** Request options that reach `url`, also where it is a `*.localhost` name. */
export function connectOptions(url: URL): http.RequestOptions {
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    ...(url.hostname.endsWith('.localhost') ? { lookup: loopbackLookup } : {}),
  };
}

/** Starts a request with Node's own client for the URL's scheme (the one that an editor's proxy settings reach). */
export function startRequest(url: URL, options: http.RequestOptions): http.ClientRequest {
  return (url.protocol === 'https:' ? https : http).request({ ...connectOptions(url), ...options });
}

/**
 * Sends a request and gives the answer as soon as its headers are there. The caller must read or destroy the
 * stream.
 *
 * @throws RuntimeError `cancelled`, `deadline` or `network`; an HTTP error status is an answer, not an error.
 */
export async function requestStream(url: URL, options: HttpRequestOptions): Promise<http.IncomingMessage> {
  // Ended with the answer's headers: whoever reads on is ended by the caller's signal.
  const limit = startDeadline(options.timeoutMs);
  const either = linkSignals(limit.signal, options.signal);
  try {
    return await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = startRequest(url, {
        method: options.method ?? 'GET',
        headers: {
          ...options.headers,
          ...(options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }),
        },
        signal: either.signal,
      });
      request.once('response', resolve);
      request.once('error', reject);
      request.once('close', either.dispose);
      if (options.bodyStream === undefined) {
        request.end(options.body);
        return;
      }
      const { stream } = options.bodyStream;
      // A source that cannot be read ends the request; a server that answers early ends the source.
      stream.once('error', (error) => request.destroy(error));
      request.once('close', () => stream.destroy());
      stream.pipe(request);
    });
  } catch (error) {
    either.dispose();
    throw requestError(error, url, options, limit.isOver);
  } finally {
    limit.dispose();
  }
}

/** Sends a request and reads the answer as text. Errors as with {@link requestStream}. */
export async function requestText(url: URL, options: HttpRequestOptions): Promise<TextAnswer> {
  const limit = startDeadline(options.timeoutMs, options.signal);
  try {
    const response = await requestStream(url, { ...options, signal: limit.signal });
    return { status: response.statusCode ?? 0, headers: response.headers, body: await readAll(response) };
  } catch (error) {
    if (RuntimeError.is(error) && !limit.isOver) throw error;
    throw requestError(error, url, options, limit.isOver);
  } finally {
    limit.dispose();
  }
}

function requestError(error: unknown, url: URL, options: HttpRequestOptions, timedOut: boolean): RuntimeError {
  const { devboxId } = options;
  if (options.signal?.aborted === true) return endedBy(options.signal, devboxId);
  // The host only: paths and queries carry tokens. Of a tunnel not even that, as its name is the key to it.
  const whom = devboxId === undefined ? url.host : `the devbox ${devboxId}`;
  if (timedOut) {
    return new RuntimeError({
      code: 'deadline',
      message: `No answer from ${whom} within ${Math.round(options.timeoutMs / 1000)} s.`,
      nextStep: 'Check the network connection and try again.',
      devboxId,
      cause: error,
    });
  }
  const cause = devboxId === undefined && error instanceof Error ? error : withoutHost(error, url);
  return new RuntimeError({
    code: 'network',
    message: `Could not reach ${whom}: ${cause.message}.`,
    nextStep: 'Check the network connection, proxy settings and base URL, then try again.',
    devboxId,
    cause,
  });
}

/** What was thrown, with its code, without the host that was asked: Node names it where a name cannot be found. */
function withoutHost(error: unknown, url: URL): Error {
  const code = error instanceof Error && 'code' in error ? { code: error.code } : {};
  return Object.assign(new Error(messageOf(error).replaceAll(url.hostname, 'its tunnel')), code);
}
