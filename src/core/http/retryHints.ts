/** What an answer says about trying again. */
export interface RetryHints {
  /** Seconds to wait at least; undefined if it does not say. */
  readonly retryAfterSeconds: number | undefined;
  /** Whether trying again is of use at all; undefined if it does not say. */
  readonly shouldRetry: boolean | undefined;
}

/** Longer waits are all the same to us, and timers take none of any length. */
const longestSeconds = 86_400;

/**
 * Reads the headers that Runloop's own SDK reads, as it does: `retry-after-ms` before `Retry-After`, which are seconds,
 * with a fraction perhaps, or a date; and `x-should-retry`. What says nothing, as 0, a time that is over or no number,
 * leaves the wait to us, where the SDK would ask again at once.
 *
 * @param header gives a header by its name in small letters
 */
export function retryHints(header: (name: string) => string | null | undefined): RetryHints {
  const told = header('x-should-retry')?.trim();
  return {
    retryAfterSeconds:
      seconds(Number.parseFloat(header('retry-after-ms') ?? '') / 1_000) ??
      seconds(afterSeconds(header('retry-after') ?? '', header('date') ?? '')),
    shouldRetry: told === 'true' ? true : told === 'false' ? false : undefined,
  };
}

function seconds(value: number): number | undefined {
  return value > 0 ? Math.min(value, longestSeconds) : undefined;
}

function afterSeconds(text: string, serverDate: string): number {
  const plain = Number.parseFloat(text);
  if (!Number.isNaN(plain)) return plain;
  // A date is one of the server's clock, which its answer tells; ours may be wrong by hours.
  const now = parseDate(serverDate);
  return (parseDate(text) - (Number.isNaN(now) ? Date.now() : now)) / 1_000;
}

/** A date of HTTP, in all three forms; that of C's `asctime` does not say that it is GMT. */
function parseDate(text: string): number {
  const trimmed = text.trim();
  return Date.parse(/\d{4}$/.test(trimmed) ? `${trimmed} GMT` : trimmed);
}
