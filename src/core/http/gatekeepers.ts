import { RuntimeError, type RuntimeErrorDetails } from '../errors';
import { httpProblem } from '../problems/http';

/*
 * Answers of those who stand between us and a server: proxies, the sign-in pages of hotels and companies (captive portals). They come in
 * the server's name and must not be taken for its own.
 */

/** What a proxy said instead of letting us through. */
export function proxyRefusal(status: number, devboxId?: string): RuntimeError {
  return status === 407
    ? new RuntimeError({ problem: httpProblem('proxy_password'), devboxId })
    : new RuntimeError({ problem: httpProblem('proxy_refusal', { status }), devboxId });
}

/** What is meant by an answer that only somebody in between gives; undefined for what a server may say itself. */
export function gatekeeperRefusal(status: number, devboxId?: string): RuntimeError | undefined {
  if (status === 407) return proxyRefusal(status, devboxId);
  if (status !== 511) return undefined;
  return new RuntimeError({ problem: httpProblem('network_sign_in'), devboxId });
}

/** The error for a refusal in the API's name that is not the API's: whoever gave it knows nothing of the key. */
export function foreignRefusal(
  status: number,
  details: Pick<RuntimeErrorDetails, 'devboxId' | 'shouldRetry'> = {},
): RuntimeError {
  return new RuntimeError({ problem: httpProblem('foreign_refusal', { status }), ...details });
}

/** The error for an answer that is a page for people, and so not one of the API. */
export function webPageAnswer(
  status: number,
  details: Pick<RuntimeErrorDetails, 'devboxId' | 'shouldRetry'> = {},
): RuntimeError {
  return new RuntimeError({ problem: httpProblem('web_page', { status }), ...details });
}
