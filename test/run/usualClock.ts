import assert from 'node:assert/strict';

const names = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'Date'] as const;
const clock = names.map((name) => globalThis[name] as unknown);

/**
 * Fails a file that leaves a clock of its own behind: the tests that the same process runs after it would wait for ever.
 * @throws AssertionError that names what is another one
 */
export function usualClock(): void {
  const changed = names.filter((name, at) => globalThis[name] !== clock[at]);
  assert.deepEqual(changed, [], 'The clock of this process was not put back.');
}
