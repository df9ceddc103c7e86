import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks again and again until what it sees is right.
 *
 * @param limitMs milliseconds after which what was seen last is reported as a failure
 */
export async function eventually<T>(
  look: () => Promise<T>,
  isRight: (seen: T) => boolean,
  limitMs = 30_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    assert.ok(Date.now() < end, `Not right within ${limitMs / 1000} s; last seen: ${JSON.stringify(seen)}`);
    await sleep(200);
  }
}

/** Calls `check` until it gives something; fails after 40 s with `what`. */
export async function waitFor<T>(what: string, check: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const limit = Date.now() + 40_000;
  for (;;) {
    const found = await check();
    if (found !== undefined) {
      return found;
    }
    if (Date.now() > limit) {
      throw new Error(`Not seen in 40 s: ${what}`);
    }
    await sleep(25);
  }
}
