import type { Runloop } from '@runloop/api-client/index';
import { httpFetch } from '../http/httpFetch';
import type { ApiAccount } from './client';

/**
 * The Runloop SDK, loaded on first use, on the core's way to the network. Its own transports are not used: its HTTP/2
 * ignores proxy and certificate settings and hangs for ever once a session has died (Runloop contract §1.3), and its
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
    fetch: httpFetch,
    maxRetries: 0,
    // What the SDK says of itself is its class's name, which a minifier changes.
    defaultHeaders: { 'User-Agent': `Runloop/JS ${VERSION}` },
  });
}
