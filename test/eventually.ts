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
