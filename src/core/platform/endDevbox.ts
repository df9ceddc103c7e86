import { deadline } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import { oneLine } from '../safeText';
import { hasEnded, type Devbox } from './devbox';
import type { RunloopApi } from './runloopApi';
import { platformProblem } from '../problems/platform';
import { phrase } from '../problems/phrases';

/** Milliseconds that shutting a devbox down may take, its repeats included. */
const shutdownMs = 60_000;
/** Milliseconds that the look may take whether it has ended after all. */
const lookMs = 10_000;
/** Seconds that a devbox may take to end after the answer. */
const endingSeconds = 20;

export interface EndOptions {
  /** Ends the tries; whether the devbox has ended is looked at all the same. */
  readonly signal?: AbortSignal;
  /** Also while a snapshot is being taken, which is lost then. */
  readonly force?: boolean;
}

/**
 * Shuts a devbox down and comes back when it has ended for certain: by the answer, or by a look at it where there was
 * none, or one that said something else.
 *
 * @returns the devbox as it was last seen; undefined where the account has none of this id any more
 * @throws RuntimeError if it has not ended, or nobody can tell: what the API said last
 */
export async function endDevbox(
  api: RunloopApi,
  devboxId: string,
  options: EndOptions = {},
): Promise<Devbox | undefined> {
  const { signal, force = false } = options;
  const within = deadline(shutdownMs, signal);
  // An answer that is about another one tells nothing of this one.
  const isEnded = ({ id, status }: Devbox): boolean => id === devboxId && hasEnded(status);
  try {
    const answer = await api.devboxes.shutdown(devboxId, { signal: within, force });
    if (isEnded(answer)) return answer;
  } catch (error) {
    if (RuntimeError.is(error, 'not_found')) return undefined;
    // Some of the tries may have been carried out.
    const seen = await look(api, devboxId).catch(() => undefined); // The first failure is the one to tell.
    if (seen === 'gone') return undefined;
    if (seen !== undefined && isEnded(seen)) return seen;
    throw error;
  }
  const ended = await api.devboxes.waitForStatus(devboxId, ['shutdown', 'failure'], endingSeconds, { signal: within });
  if (ended !== undefined && isEnded(ended)) return ended;
  throw new RuntimeError({
    problem: platformProblem('still_there', { status: ended === undefined ? phrase('there') : oneLine(ended.status) }),
    devboxId,
  });
}

async function look(api: RunloopApi, devboxId: string): Promise<Devbox | 'gone'> {
  try {
    return await api.devboxes.retrieve(devboxId, { signal: deadline(lookMs) });
  } catch (error) {
    if (RuntimeError.is(error, 'not_found')) return 'gone';
    throw error;
  }
}
