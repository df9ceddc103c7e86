import { RuntimeError, type RuntimeErrorDetails } from '../errors';

/*
 * Answers of those who stand between us and a server: proxies, the sign-in pages of hotels and companies. They come in
 * the server's name and must not be taken for its own.
 */

/** What a proxy said instead of letting us through. */
export function proxyRefusal(status: number, devboxId?: string): RuntimeError {
  return status === 407
    ? new RuntimeError({
        code: 'network',
        message: 'The proxy asks for a user name and a password, or does not accept those that it was given (407).',
        nextStep: 'Put them into the proxy setting (http://user:password@proxy:port), or ask whoever runs the proxy.',
        devboxId,
      })
    : new RuntimeError({
        code: 'network',
        message: `The proxy does not let this connection through (${status}).`,
        nextStep: 'Ask whoever runs the proxy to allow it, or except the address from the proxy.',
        devboxId,
      });
}

/** What is meant by an answer that only somebody in between gives; undefined for what a server may say itself. */
export function gatekeeperRefusal(status: number, devboxId?: string): RuntimeError | undefined {
  if (status === 407) return proxyRefusal(status, devboxId);
  if (status !== 511) return undefined;
  return new RuntimeError({
    code: 'network',
    message: 'This network asks you to sign in before it lets anything through (511).',
    nextStep: 'Open any page in a browser, sign in to the network there, then try again.',
    devboxId,
  });
}

/** The error for an answer that is no answer of the server that was asked. */
export function notFromServer(
  whom: string,
  what: string,
  details: Pick<RuntimeErrorDetails, 'devboxId' | 'shouldRetry'> = {},
): RuntimeError {
  return new RuntimeError({
    code: 'unexpected_answer',
    message: `The answer is not from ${whom}: ${what}.`,
    nextStep:
      'Check the base URL, and whether this network wants you to sign in first: open any page in a browser to find out.',
    ...details,
  });
}
