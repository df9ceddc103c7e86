import { oneLine } from './safeText';
import { callProblem } from './problems/calls';
import { phraseText, type Param, type Problem, type RuntimeErrorCode } from './problems/problem';
import { redactShapes } from './redactShapes';

export type { RuntimeErrorCode } from './problems/problem';

export interface RuntimeErrorDetails {
  /** What happened and what the user can do about it, as whoever shows it can tell it in any language. */
  readonly problem: Problem;
  readonly devboxId?: string | undefined;
  /** HTTP status, when an answer came. */
  readonly status?: number | undefined;
  /** Seconds after which the server asked to be called again. */
  readonly retryAfterSeconds?: number | undefined;
  /** Whether the server said that another try is of use, or of none. */
  readonly shouldRetry?: boolean | undefined;
  /** The last lines of the devbox's log, oldest first, when they explain the failure. */
  readonly logTail?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** The one error type that leaves the core. Everything else that is thrown is a defect. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  readonly problem: Problem;
  /** What the user can do about it, in English like the message. */
  readonly nextStep: string;
  readonly devboxId: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly shouldRetry: boolean | undefined;
  readonly logTail: readonly string[];

  constructor(details: RuntimeErrorDetails) {
    const { message, nextStep, params, code } = details.problem;
    super(phraseText({ text: message, params }), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RuntimeError';
    this.code = code;
    this.problem = details.problem;
    this.nextStep = phraseText({ text: nextStep, params });
    this.devboxId = details.devboxId;
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.shouldRetry = details.shouldRetry;
    this.logTail = details.logTail ?? [];
  }

  /** True for a RuntimeError, and for one with this code if a code is given. */
  static is(error: unknown, code?: RuntimeErrorCode): error is RuntimeError {
    return error instanceof RuntimeError && (code === undefined || error.code === code);
  }
}

/** The error for a step that the user cancelled. */
export function cancelled(devboxId?: string): RuntimeError {
  return new RuntimeError({ problem: callProblem('cancelled'), devboxId });
}

/** The error for a call whose signal was aborted: what the signal says itself, a time that is over, or a cancellation. */
export function endedBy(signal: AbortSignal, devboxId?: string): RuntimeError {
  const reason: unknown = signal.reason;
  if (RuntimeError.is(reason)) return reason;
  // What a deadline gives: nobody cancelled, so it must not be passed over in silence.
  if (!(reason instanceof Error && reason.name === 'TimeoutError')) return cancelled(devboxId);
  const problem =
    devboxId === undefined
      ? callProblem('no_answer_in_time')
      : callProblem('no_answer_about_devbox_in_time', { devbox: devboxId });
  return new RuntimeError({ problem, devboxId, cause: reason });
}

/** Whether a devbox was found to have no action server at all; one that has one which does not answer is not meant. */
export function isWithoutServer(error: unknown): boolean {
  return RuntimeError.is(error, 'no_action_server') && error.problem.id === 'no_server';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What an error says, as a parameter of another one: in the reader's language where it is ours. Safe to show. */
export function saidBy(error: unknown, limit = 300): Param {
  if (!RuntimeError.is(error)) return oneLine(redactShapes(messageOf(error)), limit);
  return { text: error.problem.message, params: error.problem.params };
}

/** Whether a signal is aborted by now; a call, so that the compiler does not take an earlier answer for the present one. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Node's and undici's codes for a connection that never came about: nothing can have been sent over it. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  // The server's certificate is not trusted: the connection ends before a request.
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What a proxy says instead of letting a request through. */
const proxysRefusals = new Set(['proxy_password', 'proxy_refusal']);

/**
 * Whether a request that failed may have reached its server. Only what certainly has not is safe to send again where
 * doing something twice is not (D16): no connection came about, a proxy refused it, or the server put it off (429).
 */
export function isSent(error: unknown): boolean {
  if (!RuntimeError.is(error)) return true;
  if (error.code === 'rate_limited' || proxysRefusals.has(error.problem.id)) return false;
  return error.code !== 'network' || !isUnconnected(error);
}

/** Whether the lowest cause is that no connection came about; of several addresses, with none of them. */
function isUnconnected(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnconnected);
  if (!(error instanceof Error)) return false;
  if ('code' in error && neverConnected.has(String(error.code))) return true;
  return isUnconnected(error.cause);
}

/** True for failures that may be gone at the next try: no answer, 408, 429 and 5xx, unless the server says otherwise. */
export function isTransient(error: unknown): boolean {
  if (!RuntimeError.is(error)) return false;
  if (error.shouldRetry !== undefined) return error.shouldRetry;
  if (error.code === 'network' || error.code === 'deadline' || error.code === 'rate_limited') return true;
  return error.status !== undefined && (error.status === 408 || (error.status >= 500 && error.status !== 501));
}
