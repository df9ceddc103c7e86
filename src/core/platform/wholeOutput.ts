import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from '../errors';
import type { ExecutionId, OutputName } from './executions';
import { isCut, StreamUnavailable } from './logRequest';
import type { RunloopApi } from './runloopApi';

/** Milliseconds until an output that was cut is asked for again, growing. */
const againMs = [250, 8_000] as const;

/**
 * One output of an execution as it comes, until the execution has ended; a stream that is cut is asked for again where it was.
 *
 * @throws StreamUnavailable if the platform does not offer it; RuntimeError if it refuses
 */
export async function* wholeOutput(
  api: RunloopApi,
  of: ExecutionId,
  name: OutputName,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let from = 0;
  let isOver = false;
  for (let waitMs: number = againMs[0]; ; waitMs = Math.min(waitMs * 2, againMs[1])) {
    const before = from;
    let isCutOff = false;
    try {
      const options = { from, signal, onOpen: () => undefined };
      for await (const { text, offset } of api.executions.stream(of, name, options)) {
        from = offset ?? from + Buffer.byteLength(text);
        yield text;
      }
    } catch (error) {
      // What was streamed before, and is not known any more, has ended.
      if (isOver && error instanceof StreamUnavailable) return;
      if (signal.aborted || (!isCut(error) && !isTransient(error))) throw error;
      isCutOff = true;
    }
    // The end of a stream may be a cut: only one that was asked for when the execution had ended has all of it.
    if (isOver && !isCutOff) return;
    if (from > before) waitMs = againMs[0];
    const isFirstToTell = !isOver;
    isOver ||= await hasEnded(api, of, signal);
    if (!isOver || !isFirstToTell) await sleep(waitMs, undefined, { signal });
  }
}

/** Whether it has ended; where nobody can tell, it has not. */
async function hasEnded(api: RunloopApi, of: ExecutionId, signal: AbortSignal): Promise<boolean> {
  try {
    return await api.executions.isCompleted(of, { signal });
  } catch (error) {
    if (signal.aborted || (!isCut(error) && !isTransient(error))) throw error;
    return false;
  }
}
