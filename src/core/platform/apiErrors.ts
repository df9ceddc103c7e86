import { messageOf, RuntimeError } from '../errors';
import { asObject, asString } from '../parse';
import { oneLine } from '../plainText';
import { redact } from '../redact';
import { unexpected } from './answers';
import { webPageAnswer } from '../http/gatekeepers';
import { retryHints } from '../http/retryHints';
import { platformProblem } from '../problems/platform';
import { phrase, type Task } from '../problems/phrases';
import type { Phrase } from '../problems/problem';

/** What a refusal of the API means. */
const refusals = {
  401: 'api_authentication',
  402: 'api_payment',
  403: 'api_permission',
  404: 'api_not_found',
  409: 'api_conflict',
  429: 'api_rate_limited',
} as const;

function refusalOf(status: number): (typeof refusals)[keyof typeof refusals] | 'api_server' | 'api_refused' {
  if (status in refusals) return refusals[status as keyof typeof refusals];
  return status >= 500 ? 'api_server' : 'api_refused';
}

/**
 * Turns what the Runloop SDK throws into a {@link RuntimeError}; an abort is for the caller to notice, who has the
 * signal. The SDK's errors are told apart by shape: this file does not load it, and a minifier may rename its classes.
 */
export function fromSdkError(error: unknown, doing: Task, devboxId?: string): RuntimeError {
  const below = belowSdk(error);
  if (RuntimeError.is(below) && below.code !== 'network') return below;
  const shape = asObject(error) ?? {};
  const task =
    devboxId === undefined ? phrase(doing) : phrase('{task} ({devbox})', { task: phrase(doing), devbox: devboxId });
  const status = typeof shape['status'] === 'number' ? shape['status'] : undefined;
  if (status === undefined) return unreachable(below, task, devboxId);
  const hints = retryHints((name) => headerOf(shape['headers'], name));
  const said = asString(asObject(shape['error'])?.['message']) ?? messageOf(error);
  const isPage = shape['error'] === undefined && isWebPage(headerOf(shape['headers'], 'content-type'), said);
  // That somebody has no time may be said by anybody; all else only by the API itself, whose refusals are no pages.
  if (isPage && status < 500 && status !== 408 && status !== 429) {
    return webPageAnswer(status, { devboxId });
  }
  // That something is not there is believed of the API alone: what is gone is forgotten, and said to cost nothing.
  if (status === 404 && !isOfApi(error)) return unexpected('JSON', devboxId, status);
  return new RuntimeError({
    problem: platformProblem(refusalOf(status), {
      task,
      status,
      said: isPage ? phrase('no reason was given') : oneLine(redact(said), 300),
    }),
    devboxId,
    status,
    ...hints,
    cause: error,
  });
}

/** Whether a refusal, or the SDK's error below it, has the form of the API's own: others on the way have none of JSON. */
export function isOfApi(error: unknown): boolean {
  return asObject(asObject(RuntimeError.is(error) ? error.cause : error)?.['error']) !== undefined;
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
function unreachable(below: unknown, task: Phrase, devboxId: string | undefined): RuntimeError {
  const isOurs = RuntimeError.is(below);
  // What stands in the way says so itself; a failure of Node's has its own words below ours.
  if (isOurs && below.cause === undefined) return below;
  const cause = isOurs ? below.cause : below;
  const why = oneLine(redact(messageOf(cause)));
  const words =
    why === 'aborted' ? phrase('the connection was cut during the response') : why || phrase('the connection failed');
  return new RuntimeError({ problem: platformProblem('api_unreachable', { task, why: words }), devboxId, cause });
}

/** Our own error below the SDK's, which says only that there was one; else what was thrown, or what lies deepest in it. */
function belowSdk(error: unknown): unknown {
  let below: unknown = error;
  while (below instanceof Error && !RuntimeError.is(below) && below.cause !== undefined) below = below.cause;
  return below;
}
