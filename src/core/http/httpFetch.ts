import type { IncomingMessage } from 'node:http';
import { RuntimeError } from '../errors';
import {
  leastPace,
  longestSilenceMs,
  mostAnswerBytes,
  piecesOf,
  refusalLimits,
  unpacked,
  type BodyLimits,
} from './answerBody';
import { requestStream } from './httpRequest';
import { httpProblem } from '../problems/http';
import { phrase } from '../problems/phrases';

/** Redirects that are followed in a row. */
const mostRedirects = 5;
/** Milliseconds until an answer's headers must be there, unless the caller's own signal ends it sooner. */
const headersTimeoutMs = 120_000;

/**
 * What `fetch` is to libraries, on the core's way to the network and within its limits: answers are bounded, and
 * redirects are followed only where they stay at the same origin, so that no body and no key goes anywhere else.
 *
 * @throws RuntimeError
 */
export async function httpFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
  let url = new URL(String(input));
  const { body, method = 'GET' } = init;
  const signal = init.signal ?? undefined;
  if (body !== undefined && body !== null && typeof body !== 'string') throw new TypeError('only text can be sent');
  const headers = Object.fromEntries(new Headers(init.headers));
  for (let hop = 0; ; hop += 1) {
    const response = await requestStream(url, {
      method,
      headers: { 'accept-encoding': 'gzip, deflate, br', ...headers },
      ...(typeof body === 'string' ? { body } : {}),
      timeoutMs: headersTimeoutMs,
      signal,
    }).catch((error: unknown) => {
      // As fetch does it: libraries look for the reason that they gave themselves.
      signal?.throwIfAborted();
      throw error;
    });
    const next = redirectOf(response, url, method, hop);
    if (next === undefined) {
      const answer = asResponse(response);
      return hop === 0 ? answer : Object.defineProperty(answer, 'redirected', { value: true });
    }
    response.destroy();
    url = next;
  }
}

/** Where an answer leads; undefined if it is one itself. @throws RuntimeError for a redirect that is not followed */
function redirectOf(response: IncomingMessage, url: URL, method: string, hop: number): URL | undefined {
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const target = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  const keepsRequest = /^(?:GET|HEAD)$/i.test(method) || status === 307 || status === 308;
  if (target?.origin === url.origin && keepsRequest && hop < mostRedirects) return target;
  response.destroy();
  const where =
    target === undefined
      ? phrase('to an invalid address')
      : target.origin !== url.origin
        ? phrase('to {address}', { address: target.origin })
        : hop < mostRedirects
          ? phrase('that would drop the request')
          : phrase('in a loop');
  throw new RuntimeError({ problem: httpProblem('redirect', { host: url.host, where, status }) });
}

function asResponse(response: IncomingMessage): Response {
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 599) {
    response.destroy();
    throw new RuntimeError({ problem: httpProblem('status_does_not_exist', { status }) });
  }
  const headers = new Headers();
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = response.rawHeaders.slice(at, at + 2);
    // The body is unpacked by then, and has another length.
    if (!/^content-(?:encoding|length)$/i.test(name)) headers.append(name, value);
  }
  if (status === 204 || status === 205 || status === 304) {
    response.resume();
    return new Response(null, { status, headers });
  }
  const body = unpacked(response);
  const pieces = piecesOf(body, limitsOf(response));
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      // A reader that goes while it waits for the next piece: the generator would come to its own end only with that.
      cancel: () => void body.destroy(),
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, headers });
}

function limitsOf(response: IncomingMessage): BodyLimits {
  const status = response.statusCode ?? 0;
  if (status >= 300) return refusalLimits;
  // Events come when there are any.
  if ((response.headers['content-type'] ?? '').includes('text/event-stream')) return {};
  return { maxBytes: mostAnswerBytes, silenceMs: longestSilenceMs, pace: leastPace };
}
