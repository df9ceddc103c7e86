import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { unexpected } from '../platform/answers';
import { hasEnded, type Devbox } from '../platform/devbox';
import { requestKey } from '../platform/requestKey';
import type { RunloopApi } from '../platform/runloopApi';

/** Milliseconds that one look over all devboxes of the account may take, its repeats included. */
const lookMs = 15_000;

/**
 * Every devbox that a create made, by the request id in its metadata; those that still live first. All pages and all
 * statuses: a devbox may have ended, or been renamed, meanwhile.
 *
 * @throws RuntimeError if the account cannot be asked: then nothing is known
 */
export async function devboxesOfStart(api: RunloopApi, requestId: string): Promise<readonly Devbox[]> {
  const found: Devbox[] = [];
  const devboxes = api.devboxes.list({ pageSize: 1_000 }, { signal: deadline(lookMs) });
  for (;;) {
    const next = await devboxes.next();
    if (next.done === true) {
      // It may be what could not be read: a repeat could make another one.
      if (!next.value && found.length === 0) throw unexpected('a list of devboxes');
      break;
    }
    if (next.value.metadata[requestKey] === requestId) found.push(next.value);
  }
  return found.sort((a, b) => Number(hasEnded(a.status)) - Number(hasEnded(b.status)));
}

/**
 * The same for a create that failed just now, which may take effect while one looks: looks again after each pause until
 * something is found.
 *
 * @param pausesMs milliseconds before each further look
 */
export async function waitForStart(
  api: RunloopApi,
  requestId: string,
  pausesMs: readonly number[],
): Promise<readonly Devbox[]> {
  let found = await devboxesOfStart(api, requestId);
  for (const pauseMs of pausesMs) {
    if (found.length > 0) break;
    await sleep(pauseMs);
    found = await devboxesOfStart(api, requestId);
  }
  return found;
}
