import pRetry, { AbortError } from 'p-retry';
import { setTimeout as sleep } from 'node:timers/promises';
import { tell } from '../events';
import { endedBy, isTransient, messageOf, RuntimeError } from '../errors';
import { type RetryRule, longestRetryAfterSeconds } from './retryRules';

/** Milliseconds below which no server can bring a wait, where the rule's own is not shorter. */
export const shortestWaitMs = 1_000;

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
        // Its own back-off knows no `Retry-After` and tells nobody how long it waits: the waits are kept below.
        minTimeout: 0,
        maxTimeout: 0,
        ...(signal === undefined ? {} : { signal }),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
          if (retriesLeft === 0) return;
          const asked = RuntimeError.is(error) ? error.retryAfterSeconds : undefined;
          if (asked !== undefined && asked > longestRetryAfterSeconds) throw error;
          const own = delayAfter(rule, attemptNumber);
          // A server that asks for next to nothing must not have us ask without a pause.
          const waitMs = asked === undefined ? own : Math.max(asked * 1000, Math.min(own, shortestWaitMs));
          if (!(error instanceof NotYet) && options.onWait !== undefined) {
            tell(options.onWait, { error, seconds: waitMs / 1000 });
          }
          if (waitMs > 0) await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
        },
      },
    );
  } catch (error) {
    if (signal?.aborted === true) {
      throw RuntimeError.is(signal.reason) || !RuntimeError.is(error) ? endedBy(signal) : error;
    }
    throw error;
  }
}

/** Milliseconds to wait after a failed try; with jitter, half of it at least. */
export function delayAfter(rule: RetryRule, tryNumber: number): number {
  const full = Math.min(rule.delayMs * rule.factor ** (tryNumber - 1), Math.max(rule.maxDelayMs, rule.delayMs));
  return rule.jitter ? full * (0.5 + Math.random() / 2) : full;
}
