import { RuntimeError } from '../errors';
import { isLoopbackHost } from '../http/loopback';
import { accountProblem } from '../problems/account';
import { phrase } from '../problems/phrases';

export const defaultBaseUrl = 'https://api.runloop.ai';

export interface ApiAccount {
  /** The Runloop API key. Secret. */
  readonly apiKey: string;
  /** The API's origin, perhaps with a path prefix. */
  readonly baseUrl: string;
}

/** What a request needs that goes to the API without the SDK. */
export interface ApiAccess {
  readonly baseUrl: string;
  /** The header of the same name. Secret. */
  readonly authorization: string;
}

/**
 * Checks a base URL from settings or the environment and returns it without trailing slashes.
 *
 * Plain http is allowed for loopback addresses only: elsewhere it would send the key in the clear.
 *
 * @throws RuntimeError `invalid_option`
 */
export function parseBaseUrl(text: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  const notHttp = phrase('is not an http or https URL');
  const problem =
    url === undefined || !/^https?:$/.test(url.protocol)
      ? notHttp
      : url.username !== '' || url.password !== ''
        ? phrase('must not contain a user name or password')
        : url.search !== '' || url.hash !== ''
          ? phrase('must not contain a query or fragment')
          : url.protocol === 'http:' && !isLoopbackHost(url.hostname)
            ? phrase('must use https, because http would send the API key unencrypted')
            : undefined;
  if (problem !== undefined || url === undefined) {
    throw new RuntimeError({
      problem: accountProblem('base_url', { fault: problem ?? notHttp, usual: defaultBaseUrl }),
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * Checks an API key's form.
 *
 * @throws RuntimeError `missing_api_key` before any request is made, as the runtime contract asks (§1).
 */
export function parseApiKey(text: string | undefined): string {
  const key = text?.trim() ?? '';
  if (key === '') {
    throw new RuntimeError({ problem: accountProblem('api_key_missing') });
  }
  // A header cannot carry other characters; the SDK's own complaint would quote the key.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new RuntimeError({ problem: accountProblem('api_key_malformed') });
  }
  return key;
}
