import { messageOf, RuntimeError, type RuntimeErrorDetails } from '../errors';
import { asObject, asString } from '../parse';
import { oneLine } from '../safeText';
import { redact } from '../redact';
import { isJsonType, unexpected } from './answers';
import { foreignRefusal, webPageAnswer } from '../http/gatekeepers';
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
  const seen: SeenRefusal = {
    status,
    type: headerOf(shape['headers'], 'content-type'),
    challenge: headerOf(shape['headers'], 'www-authenticate'),
    json: shape['error'],
    text: said,
  };
  const foreign = refusalOfOthers(seen, { devboxId });
  if (foreign !== undefined) return foreign;
  // That something is not there is believed of the API alone: what is gone is forgotten, and said to cost nothing.
  if (status === 404 && !isOfApi(error)) return unexpected('JSON', devboxId, status);
  return new RuntimeError({
    problem: platformProblem(refusalOf(status), {
      task,
      status,
      said: isWebPage(seen) ? phrase('no reason was given') : oneLine(redact(said), 300),
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

/** A refusal as it came. */
export interface SeenRefusal {
  readonly status: number;
  /** Its `Content-Type` and `WWW-Authenticate`. */
  readonly type: string | undefined;
  readonly challenge: string | undefined;
  /** Its body if that is JSON, else undefined. */
  readonly json: unknown;
  /** Its body, perhaps with the status before it, as the SDK gives it. */
  readonly text: string;
}

/** Refusals that are about the key or the account. */
const ofTheKey: readonly number[] = [401, 402, 403];

/**
 * The error for a refusal that somebody on the way gave in the API's name; undefined if it may be the API's. That somebody
 * has no time may be said by anybody; all else only by the API itself, whose refusals are no pages. Of a key the API
 * speaks in JSON, of whatever shape and never called a text, or by the challenge to bring another bearer (RFC 6750).
 */
export function refusalOfOthers(
  seen: SeenRefusal,
  details: Pick<RuntimeErrorDetails, 'devboxId' | 'shouldRetry'>,
): RuntimeError | undefined {
  const { status, type, challenge, json } = seen;
  if (status >= 500 || status === 408 || status === 429) return undefined;
  if (isWebPage(seen)) return webPageAnswer(status, details);
  if (!ofTheKey.includes(status)) return undefined;
  const isOwn =
    (json !== undefined && (type === undefined || isJsonType(type))) || /(?:^|,)\s*bearer\b/i.test(challenge ?? '');
  return isOwn ? undefined : foreignRefusal(status, details);
}

/** Whether a refusal is a page for people. */
function isWebPage({ json, type, text }: SeenRefusal): boolean {
  if (json !== undefined) return false;
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
