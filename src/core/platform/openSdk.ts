import type { Runloop } from '@runloop/api-client/index';
import { RuntimeError } from '../errors';
import { httpFetch } from '../http/httpFetch';
import { httpProblem } from '../problems/http';
import type { ApiAccount } from './client';

/**
 * The Runloop SDK, loaded on first use, on the core's way to the network. Its own transports are not used: its HTTP/2
 * ignores proxy and certificate settings and hangs for ever once a session has ended (Runloop contract §1.3), and its
 * HTTP/1.1 hangs when a connection ends in the middle of an answer.
 */
export async function openSdk(account: ApiAccount): Promise<Runloop> {
  const [{ Runloop: Client }, { VERSION }] = await Promise.all([
    import('@runloop/api-client/index'),
    import('@runloop/api-client/version'),
  ]);
  return new Client({
    bearerToken: account.apiKey,
    baseURL: account.baseUrl,
    fetch: fetchApi,
    maxRetries: 0,
    // What the SDK says of itself is its class's name, which a minifier changes.
    defaultHeaders: { 'User-Agent': `Runloop/JS ${VERSION}` },
  });
}

/**
 * A request that was redirected may have been carried out where it was sent first; what refuses it where it was led to
 * knows nothing of that, nor of what is there.
 */
async function fetchApi(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await httpFetch(input, init);
  const { status } = response;
  const isPassing = status >= 500 || status === 408 || status === 429;
  // Of a key any address of this server may speak; a read does nothing.
  const isOfKey = /^get$/i.test(init.method ?? 'get') && status !== 404;
  if (!response.redirected || status < 400 || isPassing || isOfKey) return response;
  await response.body?.cancel();
  throw new RuntimeError({ problem: httpProblem('redirected_refusal', { status }) });
}
