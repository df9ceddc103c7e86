import { messageOf, RuntimeError, type RuntimeErrorCode } from '../errors';
import { asObject, asString } from '../parse';
import { oneLine } from '../plainText';
import { redact } from '../redact';

interface Meaning {
  readonly code: RuntimeErrorCode;
  readonly nextStep: string;
}

function meaningOf(status: number): Meaning {
  if (status === 401) {
    return { code: 'authentication', nextStep: 'Sign in again with a valid API key of this account.' };
  }
  if (status === 403) {
    return { code: 'permission', nextStep: 'Use an API key that may do this, or ask the owner of the account.' };
  }
  if (status === 404) return { code: 'not_found', nextStep: 'Refresh: it may have been removed meanwhile.' };
  if (status === 409) return { code: 'conflict', nextStep: 'Wait for the running operation to end, then try again.' };
  if (status === 429) return { code: 'rate_limited', nextStep: 'Wait a little, then try again.' };
  if (status >= 500) return { code: 'api', nextStep: 'Try again in a moment; the trouble is on the server.' };
  return { code: 'api', nextStep: 'Check what was asked for, then try again.' };
}

function headerOf(headers: unknown, name: string): string | undefined {
  return headers instanceof Headers ? (headers.get(name) ?? undefined) : asString(asObject(headers)?.[name]);
}

/**
 * Turns what the Runloop SDK throws into a {@link RuntimeError}; an abort is for the caller to notice, who has the
 * signal. The SDK's errors are told apart by shape: this file does not load it, and a minifier may rename its classes.
 */
export function fromSdkError(error: unknown, doing: string, devboxId?: string): RuntimeError {
  if (RuntimeError.is(error)) return error;
  const shape = asObject(error) ?? {};
  const task = devboxId === undefined ? doing : `${doing} (${devboxId})`;
  const status = typeof shape['status'] === 'number' ? shape['status'] : undefined;
  if (status === undefined) {
    const deepest = deepestCause(error);
    const cause = messageOf(deepest ?? error).replace(/\.$/, '');
    return new RuntimeError({
      code: 'network',
      message: `Could not reach the Runloop API while ${task}: ${oneLine(redact(cause))}.`,
      nextStep: 'Check the network connection, proxy settings and base URL, then try again.',
      devboxId,
      cause: error,
    });
  }
  const said = asString(asObject(shape['error'])?.['message']) ?? messageOf(error);
  const retryAfter = Number(headerOf(shape['headers'], 'retry-after') ?? Number.NaN);
  const meaning = meaningOf(status);
  return new RuntimeError({
    ...meaning,
    message: `The Runloop API refused while ${task} (${status}): ${oneLine(redact(said), 300)}`,
    devboxId,
    status,
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
    cause: error,
  });
}

/** What lies below "fetch failed" and "terminated", which tell nobody anything. */
function deepestCause(error: unknown): unknown {
  let cause: unknown = error instanceof Error ? error.cause : undefined;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  // One failure for each address that was tried: the last will do.
  return cause instanceof AggregateError ? cause.errors.at(-1) : cause;
}
