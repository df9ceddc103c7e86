import { setTimeout as sleep } from 'node:timers/promises';
import { deadline, startDeadline } from '../../ground/deadline';
import type { ActionExecutionClient } from '../actionServer/actionExecutionClient';
import { RuntimeError, isTransient, saidBy, type RuntimeErrorDetails } from '../errors';
import { oneLine, stripControls } from '../safeText';
import { hasEnded, knownStatuses, type Devbox } from '../platform/devbox';
import type { LogEntry } from '../platform/logEntry';
import type { RunloopApi } from '../platform/runloopApi';
import { redact } from '../redact';
import { LineRedactor } from '../secrets/lineRedactor';
import { NotYet, retrying, type RetryingOptions } from '../http/retry';
import {
  devboxRunningRule,
  devboxRunningSpacingMs,
  longPollSeconds,
  serverAliveBoundMs,
  serverAliveRule,
} from '../http/retryRules';
import { startProblem } from '../problems/start';
import { phrase } from '../problems/phrases';
import type { Param, Phrase } from '../problems/problem';

export interface WaitOptions {
  readonly signal: AbortSignal;
  readonly onWait?: RetryingOptions['onWait'];
  readonly onStatus?: (devbox: Devbox) => void;
}

/** Lines of the log that go with the error of a devbox that ended. */
const logTailLines = 20;
/** Lines that are looked through for them: a private key may begin before, and is told by its beginning. */
const logContextLines = 500;

/**
 * The error for a devbox that ended or was suspended while something needed it, with its reason and the end of its
 * log.
 */
export async function endedError(
  api: RunloopApi,
  devbox: Devbox,
  { during, signal }: { readonly during: Phrase; readonly signal: AbortSignal },
): Promise<RuntimeError> {
  const reason = devbox.failureReason ?? devbox.shutdownReason;
  const logTail = await api.logs
    .newest(devbox.id, { signal: deadline(5_000, signal), last: logContextLines })
    .then(tailOf)
    .catch((error: unknown) => [`(its log could not be read: ${oneLine(String(error))})`]);
  return new RuntimeError({
    problem: startProblem('ended', {
      status: oneLine(devbox.status),
      during,
      said: reason === undefined ? phrase('no reason was given') : oneLine(redact(reason)),
    }),
    devboxId: devbox.id,
    logTail,
  });
}

/** The last lines of a log, without what is secret in them, also over several. */
function tailOf(entries: readonly LogEntry[]): readonly string[] {
  const lines = entries.map(({ text, source }) => ({ text: stripControls(text), source }));
  return new LineRedactor()
    .redactAll(lines)
    .slice(-logTailLines)
    .map((line) => oneLine(line, 500));
}

/** True for a devbox that cannot come to run by waiting. */
function isLost(status: string): boolean {
  return hasEnded(status) || status === 'suspended' || status === 'suspending';
}

/**
 * Waits until a devbox runs (OpenHands' rule of 120 tries 1 s apart, woken by the API's long poll, D7 and D8).
 *
 * @throws RuntimeError `devbox_ended` at once when it ends or is suspended, with reason and log; `deadline` when the
 *   tries are used up; what the API said for permanent failures.
 */
export async function waitUntilRunning(api: RunloopApi, devbox: Devbox, options: WaitOptions): Promise<Devbox> {
  let current = devbox;
  let nextTry = 0;
  return lookUntil(
    async () => {
      if (isLost(current.status)) {
        throw await endedError(api, current, { during: phrase('before it was running'), signal: options.signal });
      }
      if (current.status === 'running') return current;
      await sleep(Math.max(0, nextTry - Date.now()), undefined, { signal: options.signal });
      nextTry = Date.now() + devboxRunningSpacingMs;
      // Any change wakes us, so that each status is seen; 408 says that there was none.
      const answer = await afterChange(api, current, options);
      if (answer.status !== current.status) {
        // A change is progress: ask again at once instead of keeping the distance.
        nextTry = 0;
        current = answer;
        options.onStatus?.(answer);
      }
      if (current.status === 'running') return current;
      if (isLost(current.status)) {
        throw await endedError(api, current, { during: phrase('before it was running'), signal: options.signal });
      }
      throw new NotYet(`the devbox is ${oneLine(current.status)}`);
    },
    options,
    (tries) => ({
      problem: startProblem('not_running_in_time', { status: oneLine(current.status), tries }),
      devboxId: devbox.id,
    }),
  );
}

/**
 * Looks by the rule for a devbox that is to run, until a look does not throw {@link NotYet}.
 *
 * @param tooLate what is thrown when the tries are used up
 */
async function lookUntil(
  look: () => Promise<Devbox>,
  { signal, onWait }: WaitOptions,
  tooLate: (tries: number) => RuntimeErrorDetails,
): Promise<Devbox> {
  try {
    return await retrying(look, { rule: devboxRunningRule, signal, onWait });
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    throw new RuntimeError(tooLate(devboxRunningRule.tries));
  }
}

/** The devbox with another status, or as it is when the server's time for that is up. */
async function afterChange(api: RunloopApi, devbox: Devbox, options: WaitOptions): Promise<Devbox> {
  const others = knownStatuses.filter((status) => status !== devbox.status);
  return (
    (await api.devboxes.waitForStatus(devbox.id, others, longPollSeconds, options)) ??
    (await api.devboxes.retrieve(devbox.id, options))
  );
}

/** Milliseconds before the devbox itself is watched beside its server; most servers answer sooner. */
const watchAfterMs = 1_500;
/** Milliseconds during which a tunnel that is not routed yet may answer 404. */
const routingGraceMs = 5_000;
/** Milliseconds for which a port is refused before nothing is taken to be there. */
const absentAfterMs = 1_000;

/**
 * Waits until the action server says that it is ready, and keeps an eye on the devbox meanwhile (D7, D15).
 *
 * @param options.boundMs milliseconds to wait at the most; 120,000 by default
 * @param options.mayBeAbsent for a devbox that is not known to have a server: whether its tunnel is old enough to be routed.
 *   Then a port at which nothing is to be found is not waited for (`no_server`)
 * @throws RuntimeError `devbox_ended`, `no_action_server` when the bound is reached, or what refused permanently.
 */
export async function waitUntilAlive(
  api: RunloopApi,
  client: ActionExecutionClient,
  devbox: Devbox,
  options: WaitOptions & { readonly boundMs?: number; readonly mayBeAbsent?: { readonly isRouted: boolean } },
): Promise<void> {
  const boundMs = options.boundMs ?? serverAliveBoundMs;
  const done = new AbortController();
  const bound = startDeadline(boundMs, options.signal, done.signal);
  const { signal } = bound;
  const started = Date.now();
  let last: Param | undefined;
  let cause: unknown;
  const alive = retrying(
    async () => {
      try {
        if (await client.alive(signal)) return;
        last = phrase('it responds but is not ready');
      } catch (error) {
        last = saidBy(error);
        cause = error;
        const waitedMs = Date.now() - started;
        const { mayBeAbsent } = options;
        const isRouted = mayBeAbsent?.isRouted === true || waitedMs >= routingGraceMs;
        const isMissing = RuntimeError.is(error) && error.status === 404;
        if (mayBeAbsent !== undefined && waitedMs >= absentAfterMs && (isMissing ? isRouted : isUnreached(error))) {
          throw new RuntimeError({ problem: startProblem('no_server'), devboxId: devbox.id, cause: error });
        }
        const routing = isMissing && waitedMs < routingGraceMs;
        if (!routing && !isTransient(error)) throw error;
      }
      throw new NotYet('the action server does not answer yet');
    },
    { rule: serverAliveRule, signal },
  );
  try {
    await Promise.race([alive, watchDevbox(api, devbox, signal)]);
  } catch (error) {
    if (options.signal.aborted || !bound.isOver) throw error;
    throw new RuntimeError({
      problem: startProblem('server_not_ready', {
        seconds: Math.round(boundMs / 1000),
        said: last ?? phrase('it is not responding yet'),
      }),
      devboxId: devbox.id,
      cause,
    });
  } finally {
    done.abort();
    // Its end is an abort that we caused ourselves; the outcome is known by now.
    await alive.catch(() => undefined);
  }
}

/** Whether a tunnel says that it finds nothing at the devbox's port. */
function isUnreached(error: unknown): boolean {
  return RuntimeError.is(error) && (error.status === 502 || error.status === 503 || error.status === 504);
}

/** Rejects when the devbox ends or is suspended; otherwise pending until the signal is aborted. */
async function watchDevbox(api: RunloopApi, devbox: Devbox, signal: AbortSignal): Promise<never> {
  await sleep(watchAfterMs, undefined, { signal });
  const ends = ['failure', 'shutdown', 'suspended', 'suspending'];
  for (;;) {
    const started = Date.now();
    try {
      const ended = await api.devboxes.waitForStatus(devbox.id, ends, longPollSeconds, { signal });
      if (ended !== undefined) {
        throw await endedError(api, ended, { during: phrase('while its action server was starting'), signal });
      }
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    await sleep(Math.max(0, started + devboxRunningSpacingMs - Date.now()), undefined, { signal });
  }
}

/**
 * Waits until a devbox has another status than it has now, by long polls at least 1 s apart. Passing failures are waited
 * out, as the server asks.
 *
 * @throws RuntimeError `deadline` when the tries are used up; what the API said for permanent failures
 */
export async function waitWhile(api: RunloopApi, devbox: Devbox, options: WaitOptions): Promise<Devbox> {
  let nextTry = 0;
  return lookUntil(
    async () => {
      await sleep(Math.max(0, nextTry - Date.now()), undefined, { signal: options.signal });
      nextTry = Date.now() + devboxRunningSpacingMs;
      const now = await afterChange(api, devbox, options);
      if (now.status !== devbox.status) return now;
      throw new NotYet(`the devbox is ${oneLine(now.status)}`);
    },
    options,
    (tries) => ({
      problem: startProblem('unchanged_in_time', { status: oneLine(devbox.status), tries }),
      devboxId: devbox.id,
    }),
  );
}

/**
 * Waits until a devbox that is being suspended is.
 *
 * @throws RuntimeError `devbox_ended` if it ends instead; what the API said for permanent failures
 */
export async function waitUntilSuspended(api: RunloopApi, devbox: Devbox, signal: AbortSignal): Promise<Devbox> {
  let current = devbox;
  while (current.status !== 'suspended') {
    if (hasEnded(current.status)) {
      throw await endedError(api, current, { during: phrase('while it was being suspended'), signal });
    }
    current = await waitWhile(api, current, { signal });
  }
  return current;
}
