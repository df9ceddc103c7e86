import { randomUUID } from 'node:crypto';
import { RuntimeError, isTransient } from '../errors';
import { asObject, asString } from '../parse';
import { NotYet, retrying } from '../http/retry';
import { snapshotRule } from '../http/retryRules';
import { listIn, objectOf, textIn } from './answers';
import { parseDevbox, type Devbox } from './devbox';
import type { CallOptions } from './apiCalls';
import { makeOnce } from './makeOnce';
import { requestKey } from './requestKey';
import { devboxPath, type RunloopApi } from './runloopApi';
import { platformProblem } from '../problems/platform';
import type { Task } from '../problems/phrases';
import { oneLine } from '../plainText';
import { redact } from '../redact';

/** Saves the disk and stops everything that runs. Answers before it is done: the status goes over `suspending`. */
export async function suspendDevbox(api: RunloopApi, devboxId: string, call: CallOptions = {}): Promise<Devbox> {
  return changeTo(
    api,
    devboxId,
    { verb: 'suspend', doing: 'suspending a devbox', reached: ['suspending', 'suspended'] },
    call,
  );
}

/** Starts a suspended devbox again, launch commands included. Answers before it runs. */
export async function resumeDevbox(api: RunloopApi, devboxId: string, call: CallOptions = {}): Promise<Devbox> {
  const reached = ['resuming', 'provisioning', 'initializing', 'running'];
  return changeTo(api, devboxId, { verb: 'resume', doing: 'resuming a devbox', reached }, call);
}

/** A change of status. A refusal because it has happened already, by a try whose answer was lost or by somebody else, is none. */
async function changeTo(
  api: RunloopApi,
  devboxId: string,
  change: { readonly verb: string; readonly doing: Task; readonly reached: readonly string[] },
  call: CallOptions,
): Promise<Devbox> {
  try {
    return parseDevbox(
      await api.change(`${devboxPath(devboxId)}/${change.verb}`, change.doing, undefined, call, devboxId),
    );
  } catch (error) {
    if (!RuntimeError.is(error) || (error.status !== 400 && error.status !== 409)) throw error;
    const devbox = await api.retrieve(devboxId, call);
    if (change.reached.includes(devbox.status)) return devbox;
    throw error;
  }
}

/** Gives a devbox another name; its session (its metadata) stays the same. */
export async function renameDevbox(
  api: RunloopApi,
  devboxId: string,
  name: string,
  call: CallOptions = {},
): Promise<Devbox> {
  return parseDevbox(await api.change(devboxPath(devboxId), 'renaming a devbox', { name }, call, devboxId));
}

/** Resets the devbox's idle timer, once. */
export async function keepDevboxAlive(api: RunloopApi, devboxId: string, call: CallOptions = {}): Promise<void> {
  const path = `${devboxPath(devboxId)}/keep_alive`;
  const answer = await api.change(path, 'keeping a devbox alive', undefined, call, devboxId);
  objectOf(answer, 'a confirmation that the idle time was reset', devboxId);
}

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
  const id = await beginSnapshot(api, devboxId, name, call);
  try {
    await retrying(
      async () => {
        const statusPath = `/v1/devboxes/disk_snapshots/${encodeURIComponent(id)}/status`;
        const answer = objectOf(await api.read(statusPath, 'waiting for a snapshot', call), 'the status of a snapshot');
        const status = textIn(answer, 'status', 'the status of a snapshot', devboxId);
        if (status === 'complete') return;
        if (status === 'error' || status === 'deleted') {
          throw failed(oneLine(redact(asString(answer['error_message']) ?? status), 300), devboxId);
        }
        throw new NotYet('the snapshot is not complete');
      },
      { rule: snapshotRule, signal: call.signal, retryOn: isTransient },
    );
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    throw new RuntimeError({ problem: platformProblem('snapshot_too_long'), devboxId });
  }
  return id;
}

/** Asks for a snapshot, once. @returns its id */
async function beginSnapshot(api: RunloopApi, devboxId: string, name: string, call: CallOptions): Promise<string> {
  const requestId = randomUUID();
  const path = `${devboxPath(devboxId)}/snapshot_disk_async`;
  const body = { name, metadata: { [requestKey]: requestId } };
  return makeOnce(
    {
      send: async (sent) =>
        textIn(
          await api.changeOnce(path, 'taking a snapshot', body, sent, requestId, devboxId),
          'id',
          'a snapshot',
          devboxId,
        ),
      look: async (asked) => {
        const query = { devbox_id: devboxId, limit: 100, [`metadata[${requestKey}]`]: requestId };
        const answer = await api.read('/v1/devboxes/disk_snapshots', 'listing snapshots', asked, query);
        // A server need not know the filter.
        return listIn(answer, 'snapshots', 'a list of snapshots', (view) =>
          asObject(view['metadata'])?.[requestKey] === requestId ? asString(view['id']) : undefined,
        ).entries.at(0);
      },
    },
    call,
  );
}

function failed(said: string, devboxId: string): RuntimeError {
  return new RuntimeError({ problem: platformProblem('snapshot_failed', { said }), devboxId });
}
