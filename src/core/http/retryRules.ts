/*
 * Every waiting and retry rule of the core, by name. A rule says how often, how far apart and how long; `retrying` runs
 * it. They are apart from it, so that naming a rule loads nothing.
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

/** Waiting for the build of a blueprint: looked at every 1.5 s for two hours. */
export const buildRule: RetryRule = { tries: 4_800, delayMs: 1_500, factor: 1, maxDelayMs: 1_500, jitter: false };

/** Waiting for a command in a devbox: soon at first, then every second, for about ten minutes. */
export const executionRule: RetryRule = { tries: 620, delayMs: 100, factor: 1.3, maxDelayMs: 1_000, jitter: false };

/** Waiting for a VS Code server that was just started: soon at first, then every second, for about a minute. */
export const plainVscodeRule: RetryRule = { tries: 70, delayMs: 100, factor: 1.3, maxDelayMs: 1_000, jitter: false };

/**
 * Waiting for the action server: first tries close together, then ever further apart up to 1 s, for 120 s in all
 * (OpenHands' bound). Growing by 1.5 % a try means that nobody waits more than about 1.5 % longer than needed.
 */
export const serverAliveRule: RetryRule = {
  tries: 1_000,
  delayMs: 25,
  factor: 1.015,
  maxDelayMs: 1_000,
  jitter: false,
};
export const serverAliveBoundMs = 120_000;
/** Milliseconds that one question to `/alive` may take. */
export const aliveTimeoutMs = 5_000;

/** A Retry-After beyond this many seconds is not waited for; the failure is reported instead. */
export const longestRetryAfterSeconds = 60;
