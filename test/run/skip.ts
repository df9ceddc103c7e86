import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';

/** Where the tests of a run, which are spread over processes, note why they were skipped. */
const reasonsFile = (): string => join(tmpdir(), 'skipped.jsonl');

/** Skips a test, or in a `before` all tests of its group, and notes why: the reason stands at the end of the run. */
export function skip(context: Context, reason: string): never {
  const runnable = context.test;
  const title = runnable?.parent?.fullTitle() ?? runnable?.fullTitle() ?? 'a test';
  appendFileSync(reasonsFile(), `${JSON.stringify(`${title}: ${reason}`)}\n`);
  context.skip();
}

/** What {@link skip} noted, each reason once. */
export function skipReasons(): string[] {
  if (!existsSync(reasonsFile())) return [];
  const lines = readFileSync(reasonsFile(), 'utf8').trim().split('\n');
  return [...new Set(lines.map((line) => String(JSON.parse(line))))];
}
