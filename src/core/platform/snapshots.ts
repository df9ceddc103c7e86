import type { Runloop } from '@runloop/api-client';
import { asNumber, asObject, asString } from '../parse';
import { listIn, objectOf, textIn } from './answers';
import type { ApiCalls, CallOptions } from './apiCalls';
import { readChoices, type ChoiceList } from './choices';
import { devboxPath } from './devboxId';
import { requestKey } from './requestKey';

/** A disk snapshot as the API shows it, parsed. */
export interface Snapshot {
  readonly id: string;
  readonly name: string | undefined;
  /** Unix milliseconds. */
  readonly createTimeMs: number | undefined;
  readonly commitMessage: string | undefined;
  /** Bytes beyond what it was made from. */
  readonly sizeBytes: number | undefined;
}

const listPath = '/v1/devboxes/disk_snapshots';

/** The disk snapshots of an account. */
export class Snapshots {
  readonly #calls: ApiCalls;

  constructor(calls: ApiCalls) {
    this.#calls = calls;
  }

  /** The newest that were made of a devbox, at most `limit`; entries without an id are left out. */
  async ofDevbox(devboxId: string, limit: number, call: CallOptions = {}): Promise<readonly Snapshot[]> {
    const query = {
      devbox_id: devboxId,
      limit,
      include_total_count: false,
    } satisfies Runloop.DevboxListDiskSnapshotsParams;
    const answer = await this.#calls.get(listPath, { doing: 'listing snapshots', devboxId }, call, query);
    return listIn(answer, 'snapshots', 'a list of snapshots', (view) => {
      const id = asString(view['id']);
      if (id === undefined) return undefined;
      return {
        id,
        name: asString(view['name']),
        createTimeMs: asNumber(view['create_time_ms']),
        commitMessage: asString(view['commit_message']),
        sizeBytes: asNumber(view['size_bytes']),
      };
    }).entries;
  }

  /** Asks for a snapshot, sent once: `snapshotDevbox.ts` finds out what came of it. @returns its id */
  async begin(devboxId: string, name: string, call: CallOptions & { readonly requestId: string }): Promise<string> {
    const body = { name, metadata: { [requestKey]: call.requestId } } satisfies Runloop.DevboxSnapshotDiskAsyncParams;
    const request = { body, idempotencyKey: call.requestId };
    const path = `${devboxPath(devboxId)}/snapshot_disk_async`;
    const answer = await this.#calls.once('post', path, request, { doing: 'taking a snapshot', devboxId }, call);
    return textIn(answer, 'id', 'a snapshot', devboxId);
  }

  /** The id of the snapshot that a request has made, if it has. */
  async ofRequest(devboxId: string, requestId: string, call: CallOptions): Promise<string | undefined> {
    const query = { devbox_id: devboxId, limit: 100 } satisfies Runloop.DevboxListDiskSnapshotsParams;
    // The SDK's type has this filter for a key that is called `key`.
    const filter = { [`metadata[${requestKey}]`]: requestId };
    const answer = await this.#calls.get(listPath, { doing: 'listing snapshots' }, call, { ...query, ...filter });
    // A server need not know the filter.
    return listIn(answer, 'snapshots', 'a list of snapshots', (view) =>
      asObject(view['metadata'])?.[requestKey] === requestId ? asString(view['id']) : undefined,
    ).entries.at(0);
  }

  /** How far a snapshot is. @returns its status, and what went wrong where the API tells it: hostile text */
  async status(
    of: { readonly devboxId: string; readonly snapshotId: string },
    call: CallOptions,
  ): Promise<{ readonly status: string; readonly error: string | undefined }> {
    const path = `${listPath}/${encodeURIComponent(of.snapshotId)}/status`;
    const view = objectOf(
      await this.#calls.get(path, { doing: 'waiting for a snapshot' }, call),
      'the status of a snapshot',
    );
    const status = textIn(view, 'status', 'the status of a snapshot', of.devboxId);
    return { status, error: asString(view['error_message']) };
  }

  /** The account's, to choose from, newest first. */
  async choices(call: CallOptions = {}): Promise<ChoiceList> {
    const order = { path: listPath, key: 'snapshots', what: 'snapshots' } as const;
    const list = await readChoices(this.#calls, order, call);
    return { ...list, choices: [...list.choices].sort((a, b) => (b.createTimeMs ?? 0) - (a.createTimeMs ?? 0)) };
  }
}
