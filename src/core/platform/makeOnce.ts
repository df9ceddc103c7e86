import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../ground/deadline';
import { isSent, RuntimeError } from '../errors';
import { retrying } from '../http/retry';
import { repeatableChangeRule } from '../http/retryRules';
import type { CallOptions } from './apiCalls';

/** Milliseconds that one look may take, its repeats included. */
const lookMs = 15_000;
/** Milliseconds before a second look for what is given up. */
const lastPauseMs = 1_000;

/**
 * Sends what makes something that is paid for, as a snapshot or a build, so that it is made once: where nobody knows what
 * came of a request, its work is looked for before it is sent again, and before it is given up. Whether a server drops a
 * repeat of the same request id is not promised.
 *
 * @param work.look finds what was made, if it was
 * @returns what was made, also where `call.signal` was aborted meanwhile: the caller looks at it
 * @throws RuntimeError what the last try threw; `cancelled`
 */
export async function makeOnce<T>(
  work: {
    readonly send: (call: CallOptions) => Promise<T>;
    readonly look: (call: CallOptions) => Promise<T | undefined>;
  },
  call: CallOptions,
): Promise<T> {
  const { signal, onWait } = call;
  const state = { mayBeMade: false };
  const look = async (): Promise<T | undefined> =>
    state.mayBeMade
      ? work.look({ signal: deadline(lookMs, signal?.aborted === true ? undefined : signal) })
      : undefined;
  const attempt = async (): Promise<T> => {
    const found = await look();
    if (found !== undefined) return found;
    const before = state.mayBeMade;
    state.mayBeMade = true;
    try {
      return await work.send({ signal });
    } catch (error) {
      state.mayBeMade = before || isUncertain(error);
      throw error;
    }
  };
  try {
    return await retrying(attempt, { rule: repeatableChangeRule, signal, onWait });
  } catch (error) {
    const found = state.mayBeMade ? await lookTwice(look) : undefined;
    if (found !== undefined) return found;
    throw error;
  }
}

/** What is on its way may be a moment late. */
async function lookTwice<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(lastPauseMs);
    return await look();
  } catch (error) {
    // The failure of the request itself is the one to tell.
    if (!RuntimeError.is(error)) throw error;
    return undefined;
  }
}

/** Whether a request that failed may have been carried out all the same. */
export function isUncertain(error: unknown): boolean {
  if (!isSent(error)) return false;
  const status = RuntimeError.is(error) ? error.status : undefined;
  return status === undefined || status < 400 || status === 408 || status === 409 || status >= 500;
}
