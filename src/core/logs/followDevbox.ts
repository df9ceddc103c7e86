import { setTimeout as sleep } from 'node:timers/promises';
import { isAborted, RuntimeError } from '../errors';
import { isTransient } from '../platform/apiErrors';
import { hasEnded } from '../platform/devbox';
import { TailUnavailable, tailLogs } from '../platform/logTail';
import type { LogEntry, RunloopApi } from '../platform/runloopApi';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Told when following goes on after a cut, and why it was cut. */
  readonly onInterrupted?: (why: string) => void;
}

/** Milliseconds between reads of the whole log where there is no stream. */
const pollMs = 3_000;
/** Milliseconds before a cut stream is opened again; grows to the second value. */
const reconnectMs = [500, 15_000] as const;

/**
 * Every entry of a devbox's log, from the first one, then as they come, until the devbox has ended or the signal is
 * aborted. A stream that is cut is opened again; it starts at the first entry, so what was delivered is skipped by
 * count.
 *
 * @throws RuntimeError for failures that will not pass (refused key, devbox unknown).
 */
export async function* followDevbox(api: RunloopApi, devboxId: string, options: FollowOptions): AsyncGenerator<LogEntry> {
  let delivered = 0;
  let delay: number = reconnectMs[0];
  let source: 'tail' | 'list' = 'tail';
  while (!isAborted(options.signal)) {
    try {
      let position = 0;
      if (source === 'tail') {
        for await (const entry of tailLogs(api, devboxId, options.signal)) {
          position += 1;
          if (position <= delivered) continue;
          delivered = position;
          delay = reconnectMs[0];
          yield entry;
        }
      }
      // After a stream's end, and at each poll: what is there, then whether more can come.
      const { status } = await api.retrieve(devboxId, { signal: options.signal });
      const entries = await api.logs(devboxId, { signal: options.signal });
      for (const entry of entries.slice(delivered)) {
        delivered += 1;
        yield entry;
      }
      if (hasEnded(status)) return;
      await sleep(source === 'tail' ? delay : pollMs, undefined, { signal: options.signal });
    } catch (error) {
      if (isAborted(options.signal)) return;
      if (error instanceof TailUnavailable) {
        source = 'list';
        continue;
      }
      if (RuntimeError.is(error) ? !isTransient(error) : !isCut(error)) throw error;
      options.onInterrupted?.(error instanceof Error ? error.message : String(error));
      await sleep(delay, undefined, { signal: options.signal }).catch(() => undefined);
      delay = Math.min(delay * 2, reconnectMs[1]);
    }
  }
}

/** A connection that broke in the middle of an answer; Node reports it by a code. */
function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(String(error.code));
}
