import { endedBy, RuntimeError, saidBy } from '../errors';
import { shownName } from '../files/pathText';
import { changesProblem } from '../problems/changes';
import type { DevboxChanges } from './devboxChanges';

/**
 * Runs a script that writes to a repository, to its end: half-way is no place to stop, whoever cancels or leaves the account
 * meanwhile.
 *
 * @param options.doubt what is told where nobody knows whether it was done
 * @throws RuntimeError what the script has ended with; `doubt` where it may have been done, in part as well
 */
export async function runWhole(
  { changes, devboxId }: { readonly changes: DevboxChanges; readonly devboxId: string },
  { script, top, inputs }: { readonly script: string; readonly top: string; readonly inputs: readonly Buffer[] },
  {
    signal,
    doubt,
    ...limits
  }: {
    /** Until it begins. */
    readonly signal: AbortSignal;
    readonly doubt: 'discard_maybe' | 'send_maybe';
    readonly seconds: number;
    readonly deadlineMs: number;
  },
): Promise<Buffer> {
  if (signal.aborted) throw endedBy(signal, devboxId);
  const { signal: never } = new AbortController();
  const state = { mayBeDone: false };
  const onStarted = (): void => void (state.mayBeDone = true);
  try {
    return await changes.run(script, top, inputs, { ...limits, signal: never, onStarted });
  } catch (error) {
    // What a script ends with by itself says how far it came; of a devbox that has ended nothing is left.
    if (!RuntimeError.is(error) || !state.mayBeDone) throw error;
    if (error.code === 'file' || error.code === 'devbox_ended') throw error;
    const problem = changesProblem(doubt, {
      name: shownName(top.slice(top.lastIndexOf('/') + 1) || top),
      why: saidBy(error),
    });
    throw new RuntimeError({ problem, devboxId, status: error.status, cause: error });
  }
}
