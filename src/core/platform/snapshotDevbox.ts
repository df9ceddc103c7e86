import { randomUUID } from 'node:crypto';
import { RuntimeError, isTransient } from '../errors';
import { NotYet, retrying } from '../http/retry';
import { snapshotRule } from '../http/retryRules';
import type { CallOptions } from './apiCalls';
import { makeOnce } from './makeOnce';
import type { RunloopApi } from './runloopApi';
import { platformProblem } from '../problems/platform';
import { oneLine } from '../safeText';
import { redact } from '../redact';

/**
 * Saves the disk of a running devbox as a snapshot and waits until it is complete.
 *
 * @returns the snapshot's id
 * @throws RuntimeError `api` if the snapshot failed, `deadline` if it was not complete in time
 */
export async function snapshotDevbox(
  api: RunloopApi,
  devboxId: string,
  name: string,
  call: CallOptions = {},
): Promise<string> {
  const requestId = randomUUID();
  const snapshotId = await makeOnce(
    {
      send: async (sent) => api.snapshots.begin(devboxId, name, { ...sent, requestId }),
      look: async (asked) => api.snapshots.ofRequest(devboxId, requestId, asked),
    },
    call,
  );
  try {
    await retrying(
      async () => {
        const { status, error } = await api.snapshots.status({ devboxId, snapshotId }, call);
        if (status === 'complete') return;
        if (status === 'error' || status === 'deleted') {
          const said = oneLine(redact(error ?? status), 300);
          throw new RuntimeError({ problem: platformProblem('snapshot_failed', { said }), devboxId });
        }
        throw new NotYet('the snapshot is not complete');
      },
      { rule: snapshotRule, signal: call.signal, retryOn: isTransient },
    );
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    throw new RuntimeError({ problem: platformProblem('snapshot_too_long'), devboxId });
  }
  return snapshotId;
}
