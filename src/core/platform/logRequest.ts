import type { IncomingMessage } from 'node:http';
import { RuntimeError } from '../errors';
import { longestSilenceMs, mostAnswerBytes, refusalLimits, textOf, unpacked } from '../http/answerBody';
import { webPageAnswer } from '../http/gatekeepers';
import { headerOf, requestStream } from '../http/httpRequest';
import { retryHints } from '../http/retryHints';
import { parseJson } from '../parse';
import { isJsonType, unexpected } from './answers';
import { refusalOfOthers } from './apiErrors';
import type { ApiAccess } from './client';
import { platformProblem } from '../problems/platform';
import type { Thing } from '../problems/phrases';

/** The endpoint is not there, or speaks in a way that is not documented: another source must do. */
export class StreamUnavailable extends Error {
  /** Whether the API itself says so, and not somebody on the way. */
  readonly isOfApi: boolean;

  constructor(why: string, isOfApi = false) {
    super(`This stream cannot be used: ${why}`);
    this.name = 'StreamUnavailable';
    this.isOfApi = isOfApi;
  }
}

/** What a refusal said, as the cause of the error that is told of it: by its form one sees whose it is (`isOfApi`). */
class Refusal extends Error {
  readonly error: unknown;

  constructor(status: number, said: unknown) {
    super(`status ${status}`);
    this.error = said;
  }
}

/** Milliseconds that a refusal's words may keep whoever waits for them. */
const refusalSilenceMs = 5_000;

export interface ReadLogOptions {
  readonly signal: AbortSignal;
  /** Told of every piece that came over the wire, in bytes as they came (compressed, if they were). */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Opens an answer about logs. What refuses both ways of reading is thrown.
 *
 * @throws RuntimeError
 */
export async function openLog(
  api: ApiAccess,
  path: string,
  devboxId: string | undefined,
  options: ReadLogOptions,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const response = await requestStream(new URL(`${api.baseUrl}/v1/devboxes/${path}`), {
    headers: { authorization: api.authorization, 'accept-encoding': 'gzip', ...headers },
    timeoutMs: 30_000,
    signal: options.signal,
  });
  const status = response.statusCode ?? 0;
  const refused =
    status === 401 || status === 403 || status === 408 || status === 429 || (status >= 500 && status !== 501);
  const isBusy = refused && status !== 401 && status !== 403;
  if (!isBusy && isWebPage(response)) {
    response.destroy();
    // A network that wants us to sign in is passed through, sooner or later: whoever follows goes on.
    throw webPageAnswer(status, { devboxId, shouldRetry: true });
  }
  if (!refused) return response;
  const json = await saidIn(response);
  if (!isBusy) {
    const [type, challenge] = [
      headerOf(response.headers, 'content-type'),
      headerOf(response.headers, 'www-authenticate'),
    ];
    const foreign = refusalOfOthers({ status, type, challenge, json, text: '' }, { devboxId, shouldRetry: true });
    if (foreign !== undefined) throw foreign;
  }
  const cause = new Refusal(status, json);
  throw new RuntimeError({
    problem: platformProblem(
      status === 429
        ? 'log_rate_limited'
        : status === 401
          ? 'log_authentication'
          : status === 403
            ? 'log_permission'
            : 'log_refused',
      { status },
    ),
    devboxId,
    status,
    ...retryHints((name) => headerOf(response.headers, name)),
    cause,
  });
}

/** What a refusal says, if that is JSON; undefined for anything else. Nothing of it is left open. */
export async function saidIn(response: IncomingMessage): Promise<unknown> {
  const limits = { ...refusalLimits, silenceMs: refusalSilenceMs, wholeMs: 3 * refusalSilenceMs };
  try {
    return parseJson(await textOf(unpacked(response), limits));
  } catch {
    // One that was cut or packed wrongly says nothing; that it is a refusal is known.
    return undefined;
  } finally {
    response.destroy();
  }
}

/**
 * The value of an answer about one thing, whole.
 *
 * @throws RuntimeError `unexpected_answer` unless it is JSON and 200; Error with a Node code on a cut
 */
export async function jsonIn(
  response: IncomingMessage,
  what: Thing,
  { onBytes }: Pick<ReadLogOptions, 'onBytes'>,
): Promise<unknown> {
  if (response.statusCode !== 200 || !isJson(response)) {
    response.destroy();
    throw unexpected(what);
  }
  const text = await textOf(unpacked(response, onBytes), { maxBytes: mostAnswerBytes, silenceMs: longestSilenceMs });
  return parseJson(text);
}

/** Whether an answer says that it is JSON. */
export function isJson(response: IncomingMessage): boolean {
  return isJsonType(response.headers['content-type']);
}

function isWebPage(response: IncomingMessage): boolean {
  return /^\s*(?:text\/html|application\/xhtml)/i.test(response.headers['content-type'] ?? '');
}

/** A connection that broke in the middle of an answer; Node reports it by a code. */
export function isCut(error: unknown): boolean {
  const codes = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
