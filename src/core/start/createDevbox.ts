import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { endedBy, isAborted, isSent, isTransient, RuntimeError, saidBy } from '../errors';
import { tell } from '../events';
import { delayAfter, shortestWaitMs, type RetryingOptions } from '../http/retry';
import { longestRetryAfterSeconds, repeatableChangeRule } from '../http/retryRules';
import { unexpected } from '../platform/answers';
import { isOfApi } from '../platform/apiErrors';
import type { CreateDevboxBody } from '../platform/createDevboxBody';
import type { Devbox } from '../platform/devbox';
import { requestKey } from '../platform/requestKey';
import type { RunloopApi } from '../platform/runloopApi';
import { waitForStart } from './lookForStart';
import { startProblem } from '../problems/start';

export interface CreateOptions {
  readonly signal: AbortSignal;
  /** In the body's metadata as well: by it the devbox is found. */
  readonly requestId: string;
  readonly onWait?: RetryingOptions['onWait'];
  /**
   * Told before a create is sent again that may have been carried out, or may be yet, without being found; and where
   * more than one devbox was found.
   */
  readonly onPerhapsTwice: (before: RuntimeError) => Promise<void>;
}

/** Milliseconds that a create may go on after it was cancelled, to learn what must be removed. */
const settleMs = 20_000;
/** Milliseconds before each further look for a create that had no answer, and for one that had an answer of the server's trouble. */
const lostPausesMs = [1_000, 2_000];
const refusedPausesMs = [700];
/** Milliseconds that the look for the reason of a refusal may take. */
const explainMs = 10_000;

/**
 * Creates a devbox so that none is lost from sight and none is made twice.
 *
 * Cancelling does not cut the request, as the devbox would be there all the same, with nobody knowing its id: the answer
 * is awaited, and given to the caller, who looks at the signal. After a cancellation no create is sent any more. A create
 * that had no answer, or one of the server's own trouble, is looked for before it is sent again: whether a server drops
 * a repeat of the same request id is not promised.
 *
 * @throws RuntimeError `cancelled`, `deadline`, `blueprint_missing` or what the API said: then nothing was made;
 *   `start_unknown` where nobody can tell
 */
export async function createDevbox(api: RunloopApi, body: CreateDevboxBody, options: CreateOptions): Promise<Devbox> {
  const { signal, requestId } = options;
  const rule = repeatableChangeRule;
  let perhapsTwice = false;
  if (isAborted(signal)) throw endedBy(signal);
  for (let tryNumber = 1; ; tryNumber += 1) {
    let failure: RuntimeError;
    try {
      return await sendOnce(api, body, options);
    } catch (error) {
      failure = asRuntimeError(error);
    }
    const effect = effectOf(failure);
    if (effect !== 'none') {
      const [devbox, ...others] = await lookFor(api, body, requestId, failure, effect);
      // One request was carried out more than once, as something on the way does that repeats what had no answer.
      if (others.length > 0) await options.onPerhapsTwice(failure);
      if (devbox !== undefined) return devbox;
      perhapsTwice = true;
    }
    const isLast = tryNumber >= rule.tries || !mayRepeat(failure);
    if (!isLast && !isAborted(signal)) {
      if (perhapsTwice) await options.onPerhapsTwice(failure);
      await pause(failure, delayAfter(rule, tryNumber), options);
    }
    // What had no answer may still be on its way, and a server in trouble may yet do it: nobody waits for it here any more.
    if (perhapsTwice && (isLast || isAborted(signal))) throw startUnknown(body.name, failure);
    if (isAborted(signal)) throw endedBy(signal);
    if (isLast) throw await explained(api, body, failure, signal);
  }
}

/** One request. A cancellation leaves it a while, to be answered. */
async function sendOnce(api: RunloopApi, body: CreateDevboxBody, options: CreateOptions): Promise<Devbox> {
  const { signal, requestId } = options;
  const settle = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => settle.abort(), settleMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const devbox = await api.devboxes.create(body, { requestId, signal: settle.signal });
    const made = devbox.metadata[requestKey];
    // Somebody else's devbox, which a mistaken answer names, would be taken for ours, and ended with our start.
    if (made !== undefined && made !== requestId) throw unexpected('a devbox');
    return devbox;
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

/**
 * What a create that failed has done: nothing for certain; `answered`: the server says that it did not, and may be
 * wrong, now or in a while; `lost`: nobody knows, and it may still do it.
 */
function effectOf(failure: RuntimeError): 'none' | 'answered' | 'lost' {
  const { status } = failure;
  if (!isSent(failure)) return 'none';
  // No answer, or one that was not understood.
  if (status === undefined || status < 400) return 'lost';
  // One that a program in between gave because it had none; what no standard knows, as 524, is theirs.
  if ([408, 409, 499, 502, 504].includes(status) || status >= 512) return 'lost';
  // It cannot do that at all.
  if (status < 500 || (status === 501 && isOfApi(failure))) return 'none';
  return isOfApi(failure) ? 'answered' : 'lost';
}

async function lookFor(
  api: RunloopApi,
  body: CreateDevboxBody,
  requestId: string,
  failure: RuntimeError,
  effect: 'answered' | 'lost',
): Promise<readonly Devbox[]> {
  try {
    return await waitForStart(api, requestId, effect === 'lost' ? lostPausesMs : refusedPausesMs);
  } catch (error) {
    throw startUnknown(body.name, failure, error);
  }
}

function mayRepeat(failure: RuntimeError): boolean {
  const asked = failure.retryAfterSeconds;
  return isTransient(failure) && (asked === undefined || asked <= longestRetryAfterSeconds);
}

/** The pause before a repeat. A cancellation ends it at once. */
async function pause(failure: RuntimeError, usualMs: number, { signal, onWait }: CreateOptions): Promise<void> {
  const asked = failure.retryAfterSeconds;
  const waitMs = asked === undefined ? usualMs : Math.max(asked * 1_000, Math.min(usualMs, shortestWaitMs));
  if (onWait !== undefined) tell(onWait, { error: failure, seconds: waitMs / 1_000 });
  try {
    await sleep(waitMs, undefined, { signal });
  } catch (error) {
    if (!isAborted(signal)) throw error;
  }
}

/** The error for a create of which nobody can tell what came of it. */
export function startUnknown(name: string | undefined, failure: RuntimeError, look?: unknown): RuntimeError {
  return new RuntimeError({
    problem:
      look === undefined
        ? startProblem('start_unknown', { devbox: name ?? '', why: saidBy(failure) })
        : startProblem('start_unknown_not_found', { devbox: name ?? '', why: saidBy(failure), said: saidBy(look) }),
    status: failure.status,
    cause: failure,
  });
}

function asRuntimeError(error: unknown): RuntimeError {
  if (RuntimeError.is(error)) return error;
  return new RuntimeError({ problem: startProblem('create_failed', { why: saidBy(error) }), cause: error });
}

/** A refusal that is explained by a blueprint that is not there (D24), as that. */
async function explained(
  api: RunloopApi,
  body: CreateDevboxBody,
  refusal: RuntimeError,
  signal: AbortSignal,
): Promise<RuntimeError> {
  const { status = 0 } = refusal;
  const name = body.blueprint_name;
  if (name === undefined || status < 400 || status >= 500 || [401, 403, 429].includes(status)) return refusal;
  const call = { signal: deadline(explainMs, signal) };
  const builds = await api.blueprints.named(name, call).catch(() => undefined); // The refusal itself is told then.
  if (builds === undefined || builds.some((build) => build.status === 'build_complete')) return refusal;
  return new RuntimeError({
    problem: startProblem(builds.length === 0 ? 'blueprint_missing' : 'blueprint_unfinished', { name }),
    status,
    cause: refusal,
  });
}
