import { messageOf, RuntimeError, type RuntimeErrorCode } from '../errors';
import { asObject, asString } from '../parse';
import { oneLine } from '../plainText';
import { redact } from '../redact';
import { notFromServer } from '../http/gatekeepers';
import { retryHints } from '../http/retryHints';

interface Meaning {
  readonly code: RuntimeErrorCode;
  readonly nextStep: string;
}

function meaningOf(status: number): Meaning {
  if (status === 401) {
    return { code: 'authentication', nextStep: 'Sign in again with a valid API key of this account.' };
  }
  if (status === 402) {
    return { code: 'payment', nextStep: 'Check the payment and the credit of the account in the Runloop dashboard.' };
  }
  if (status === 403) {
    return { code: 'permission', nextStep: 'Use an API key that may do this, or ask the owner of the account.' };
  }
  if (status === 404) return { code: 'not_found', nextStep: 'Refresh: it may have been removed meanwhile.' };
  if (status === 409) return { code: 'conflict', nextStep: 'Wait for the running operation to end, then try again.' };
  if (status === 429) return { code: 'rate_limited', nextStep: 'Wait a little, then try again.' };
  if (status === 402) return { code: 'api', nextStep: 'Check the plan and the balance of this account at Runloop.' };
  if (status >= 500) return { code: 'api', nextStep: 'Try again in a moment; the trouble is on the server.' };
  return { code: 'api', nextStep: 'Check what was asked for, then try again.' };
}

/**
 * Turns what the Runloop SDK throws into a {@link RuntimeError}; an abort is for the caller to notice, who has the
 * signal. The SDK's errors are told apart by shape: this file does not load it, and a minifier may rename its classes.
 */
export function fromSdkError(error: unknown, doing: string, devboxId?: string): RuntimeError {
  const below = belowSdk(error);
  if (RuntimeError.is(below) && below.code !== 'network') return below;
  const shape = asObject(error) ?? {};
  const task = devboxId === undefined ? doing : `${doing} (${devboxId})`;
  const status = typeof shape['status'] === 'number' ? shape['status'] : undefined;
  if (status === undefined) return unreachable(below, task, devboxId);
  const hints = retryHints((name) => headerOf(shape['headers'], name));
  const said = asString(asObject(shape['error'])?.['message']) ?? messageOf(error);
  const isPage = shape['error'] === undefined && isWebPage(headerOf(shape['headers'], 'content-type'), said);
  // That somebody has no time may be said by anybody; all else only by the API itself, whose refusals are no pages.
  if (isPage && status < 500 && status !== 408 && status !== 429) {
    return notFromServer('the Runloop API', `it is a web page (${status})`, { devboxId });
  }
  return new RuntimeError({
    ...meaningOf(status),
    message: `The Runloop API refused while ${task} (${status}): ${isPage ? 'it gave no reason' : oneLine(redact(said), 300)}`,
    devboxId,
    status,
    ...hints,
    cause: error,
  });
}

function headerOf(headers: unknown, name: string): string | undefined {
  return headers instanceof Headers ? (headers.get(name) ?? undefined) : asString(asObject(headers)?.[name]);
}

/** Whether a text is a page for people; the SDK puts the status before it. */
function isWebPage(type: string | undefined, text: string): boolean {
  return (
    /^\s*(?:text\/html|application\/xhtml)/i.test(type ?? '') ||
    /^(?:\d{3} )?\s*<(?:!doctype|html|head|body)\b/i.test(text)
  );
}

/** No answer came about, or not the whole of it. */
function unreachable(below: unknown, task: string, devboxId: string | undefined): RuntimeError {
  const isOurs = RuntimeError.is(below);
  // What stands in the way says so itself; a failure of Node's has its own words below ours.
  if (isOurs && below.cause === undefined) return below;
  const cause = isOurs ? below.cause : below;
  const why = messageOf(cause).trim().replace(/\.$/, '');
  const words =
    why === 'aborted' ? 'the connection was cut in the middle of the answer' : why || 'the connection failed';
  return new RuntimeError({
    code: 'network',
    message: `Could not reach the Runloop API while ${task}: ${oneLine(redact(words))}.`,
    nextStep: 'Check the network connection, proxy settings and base URL, then try again.',
    devboxId,
    cause,
  });
}

/** Our own error below the SDK's, which says only that there was one; else what was thrown, or what lies deepest in it. */
function belowSdk(error: unknown): unknown {
  let below: unknown = error;
  while (below instanceof Error && !RuntimeError.is(below) && below.cause !== undefined) below = below.cause;
  return below;
}
