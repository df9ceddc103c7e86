import pRetry, { AbortError } from 'p-retry';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, messageOf, RuntimeError } from './errors';
import { isTransient } from './platform/apiErrors';

/*
 * Every waiting and retry rule of the core, by name. A rule says how often, how far apart and how long; `retrying`
 * runs it. Permanent failures (401, 403, 404 and other 4xx) end a wait at once.
 */

export interface RetryRule {
  /** Tries at the most, the first included. */
  readonly tries: number;
  /** Milliseconds before the second try; grows by `factor` up to `maxDelayMs`. */
  readonly delayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  /** Spread the delays so that many clients do not come back together. */
  readonly jitter: boolean;
}

/** Calls that change nothing. */
export const readRule: RetryRule = { tries: 5, delayMs: 500, factor: 2, maxDelayMs: 8_000, jitter: true };

/** Calls that a person waits for with nothing else to do: two tries, so that trouble is told soon. */
export const askedForReadRule: RetryRule = { tries: 2, delayMs: 300, factor: 1, maxDelayMs: 300, jitter: false };

/** Calls of somebody who comes back by themselves and wants to know of a failure at once. */
export const onceRule: RetryRule = { tries: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: false };

/** Calls that are safe to repeat: create (with its request id) and shutdown. */
export const repeatableChangeRule: RetryRule = { tries: 4, delayMs: 1_000, factor: 2, maxDelayMs: 8_000, jitter: true };

/**
 * Waiting for a devbox to run: 120 tries at least 1 s apart (OpenHands' rule). Each try is a long poll, so that a
 * change is noticed at once, and the space between the tries is kept by the waiter itself.
 */
export const devboxRunningRule: RetryRule = { tries: 120, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: false };
export const devboxRunningSpacingMs = 1_000;
/** Seconds that one long poll asks the server to hold. */
export const longPollSeconds = 10;

/** Waiting for a snapshot: looked at every second for ten minutes. */
export const snapshotRule: RetryRule = { tries: 600, delayMs: 1_000, factor: 1, maxDelayMs: 1_000, jitter: false };

/**
 * Waiting for the action server: first tries close together, then ever further apart up to 1 s, for 120 s in all
 * (OpenHands' bound). Growing by 1.5 % a try means that nobody waits more than about 1.5 % longer than needed.
 */
export const serverAliveRule: RetryRule = { tries: 1_000, delayMs: 25, factor: 1.015, maxDelayMs: 1_000, jitter: false };
export const serverAliveBoundMs = 120_000;
/** Milliseconds that one question to `/alive` may take. */
export const aliveTimeoutMs = 5_000;

/** A Retry-After beyond this many seconds is not waited for; the failure is reported instead. */
export const longestRetryAfterSeconds = 60;

/** Thrown inside a waiting rule to say "not yet": never leaves `retrying` unless the tries are used up. */
export class NotYet extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'NotYet';
  }
}

export interface RetryingOptions {
  readonly rule: RetryRule;
  readonly signal?: AbortSignal | undefined;
  /** Which failures are worth another try, besides {@link NotYet}; transient ones by default. */
  readonly retryOn?: (error: unknown) => boolean;
  /** Told before each wait, for showing "rate limited, trying again in 8 s". */
  readonly onWait?: ((wait: { readonly error: unknown; readonly seconds: number }) => void) | undefined;
}

/**
 * Runs `attempt` under a rule, honouring `Retry-After`.
 *
 * @throws what the last attempt threw; RuntimeError `cancelled` if the signal was aborted first.
 */
export async function retrying<T>(attempt: (tryNumber: number) => Promise<T>, options: RetryingOptions): Promise<T> {
  const { rule, signal } = options;
  const retryOn = options.retryOn ?? isTransient;
  try {
    return await pRetry(
      async (tryNumber) => {
        try {
          return await attempt(tryNumber);
        } catch (error) {
          if (error instanceof NotYet || retryOn(error)) throw error;
          throw new AbortError(error instanceof Error ? error : new Error(messageOf(error)));
        }
      },
      {
        retries: rule.tries - 1,
        // The waits are kept below, so that what is shown is what is waited.
        minTimeout: 0,
        maxTimeout: 0,
        ...(signal === undefined ? {} : { signal }),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
          if (retriesLeft === 0) return;
          const asked = RuntimeError.is(error) ? error.retryAfterSeconds : undefined;
          if (asked !== undefined && asked > longestRetryAfterSeconds) throw error;
          const waitMs = asked === undefined ? delayAfter(rule, attemptNumber) : asked * 1000;
          if (!(error instanceof NotYet)) options.onWait?.({ error, seconds: waitMs / 1000 });
          if (waitMs > 0) await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
        },
      },
    );
  } catch (error) {
    if (signal?.aborted === true) {
      throw RuntimeError.is(signal.reason) ? signal.reason : RuntimeError.is(error) ? error : cancelled();
    }
    throw error;
  }
}

/** Milliseconds to wait after a failed try; with jitter, half of it at least. */
export function delayAfter(rule: RetryRule, tryNumber: number): number {
  const full = Math.min(rule.delayMs * rule.factor ** (tryNumber - 1), Math.max(rule.maxDelayMs, rule.delayMs));
  return rule.jitter ? full * (0.5 + Math.random() / 2) : full;
}

/** A signal that ends with `signal` or after `ms` milliseconds, whichever is first. */
export function withDeadline(ms: number, signal?: AbortSignal): AbortSignal {
  const deadline = AbortSignal.timeout(ms);
  return signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
}
