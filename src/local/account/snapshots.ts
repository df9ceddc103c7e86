import * as z from 'zod';
import type { Devbox } from '../devbox/devbox';
import { DevboxError, messageOf } from '../errors';
import { newSnapshotId } from '../ids';
import type { ListQuery, Page, RecordTable } from '../store/recordTable';
import type { Store } from '../store/store';
import { Disks } from './disks';

const snapshotRecord = z.object({
  id: z.string(),
  createdAt: z.number(),
  devboxId: z.string(),
  blueprintId: z.string().optional(),
  name: z.string().optional(),
  commitMessage: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
  status: z.enum(['in_progress', 'complete', 'error', 'deleted']),
  error: z.string().optional(),
  size: z.number().optional(),
});

/** A kept disk of a devbox, as the store has it. */
export type SnapshotRecord = z.infer<typeof snapshotRecord>;

/** What its maker may say about a snapshot. */
export interface SnapshotNotes {
  readonly name?: string | undefined;
  readonly commitMessage?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** The account's disk snapshots. */
export class Snapshots {
  readonly #table: RecordTable<SnapshotRecord>;
  readonly #store: Store;
  readonly #disks: Disks;
  readonly #copying = new Map<
    string,
    { readonly devboxId: string; readonly done: Promise<void>; readonly stop: AbortController }
  >();

  private constructor(store: Store) {
    this.#store = store;
    this.#table = store.table({
      table: 'snapshots',
      schema: snapshotRecord,
      columns: ({ name, status }) => ({ name, status }),
    });
    this.#disks = new Disks(store.folder('snapshots'), store.trash);
  }

  /** Opens the snapshots; those that a killed platform did not finish are errors. */
  static async open(store: Store): Promise<Snapshots> {
    const snapshots = new Snapshots(store);
    const all = { limit: Number.MAX_SAFE_INTEGER };
    for (const record of snapshots.#table.list({ ...all, status: 'in_progress' }).items) {
      snapshots.#table.put({
        ...record,
        status: 'error',
        error: 'The local platform was ended before the snapshot was complete. Make it again.',
      });
    }
    const complete = snapshots.#table.list({ ...all, status: 'complete' }).items;
    for (const record of complete.filter(({ id }) => !snapshots.#disks.has(id))) {
      snapshots.#table.put({ ...record, status: 'error', error: 'Its disk is not in the data folder any more.' });
      store.logLine(`The disk of snapshot ${record.id} is not in the data folder any more.`);
    }
    await snapshots.#disks.removeAllBut(new Set(complete.map(({ id }) => id)));
    return snapshots;
  }

  /**
   * Begins a snapshot of a running or suspended devbox.
   * @param key the same for a repeated request
   * @throws DevboxError `wrong_state`
   */
  begin(devbox: Devbox, notes: SnapshotNotes, key: string | undefined): SnapshotRecord {
    const id = this.#store.once(key, () => {
      if (devbox.status !== 'running' && devbox.status !== 'suspended') {
        throw new DevboxError(
          'wrong_state',
          `Devbox ${devbox.id} is ${devbox.status}: only a running or suspended devbox has a disk to snapshot.`,
        );
      }
      const record: SnapshotRecord = {
        id: newSnapshotId(),
        createdAt: Date.now(),
        devboxId: devbox.id,
        blueprintId: devbox.spec.blueprint?.id,
        name: notes.name,
        commitMessage: notes.commitMessage,
        metadata: { ...notes.metadata },
        status: 'in_progress',
      };
      this.#table.put(record);
      const stop = new AbortController();
      this.#copying.set(record.id, {
        devboxId: devbox.id,
        stop,
        done: this.#copy(record.id, devbox.disk, stop.signal),
      });
      return record.id;
    });
    return this.get(id);
  }

  /** Waits until a snapshot is complete or has failed. */
  async finished(id: string): Promise<SnapshotRecord> {
    await this.#copying.get(id)?.done;
    return this.get(id);
  }

  /** True while a snapshot of the devbox is being made. */
  isUnderWay(devboxId: string): boolean {
    return [...this.#copying.values()].some((copying) => copying.devboxId === devboxId);
  }

  /** Gives up the snapshots of a devbox that are being made; they become errors. */
  abandon(devboxId: string): void {
    for (const { stop } of [...this.#copying.values()].filter((copying) => copying.devboxId === devboxId)) {
      stop.abort();
    }
  }

  /** Waits until no snapshot of the devbox is being made. */
  async settled(devboxId: string): Promise<void> {
    await Promise.all(
      [...this.#copying.values()].filter((copying) => copying.devboxId === devboxId).map(({ done }) => done),
    );
  }

  /** A snapshot by id; undefined if there is none. */
  find(id: string): SnapshotRecord | undefined {
    return this.#table.get(id);
  }

  /** @throws DevboxError `not_found` */
  get(id: string): SnapshotRecord {
    const record = this.#table.get(id);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no snapshot ${id}.`);
    }
    return record;
  }

  /** A page of the snapshots that are there, newest first. */
  page(query: ListQuery<SnapshotRecord>): Page<SnapshotRecord> {
    const { where } = query;
    return this.#table.list({ ...query, where: (record) => record.status !== 'deleted' && (where?.(record) ?? true) });
  }

  /** Changes what is given; metadata is replaced as a whole. */
  update(id: string, notes: SnapshotNotes): SnapshotRecord {
    const record = this.get(id);
    const changed = {
      ...record,
      name: notes.name ?? record.name,
      commitMessage: notes.commitMessage ?? record.commitMessage,
      metadata: { ...(notes.metadata ?? record.metadata) },
    };
    this.#table.put(changed);
    return changed;
  }

  /**
   * Deletes a snapshot and its disk. Devboxes that were made of it keep theirs.
   * @throws DevboxError `conflict` unless the snapshot is complete
   */
  async delete(id: string): Promise<void> {
    const record = this.get(id);
    if (record.status === 'deleted') {
      // Said again, as clients do that clear up twice.
      return;
    }
    if (record.status !== 'complete') {
      throw new DevboxError('conflict', `Snapshot ${id} is ${record.status}; only a complete one can be deleted.`);
    }
    this.#table.put({ ...record, status: 'deleted' });
    await this.#disks.remove(id);
  }

  /** The snapshots that were made of a blueprint's devboxes and still exist. */
  ofBlueprint(blueprintId: string): readonly SnapshotRecord[] {
    return this.page({
      limit: Number.MAX_SAFE_INTEGER,
      where: (record) => record.blueprintId === blueprintId && record.status !== 'error',
    }).items;
  }

  /** Copies a snapshot's disk. */
  take(id: string, target: string, signal: AbortSignal): Promise<void> {
    return this.#disks.take(id, target, signal);
  }

  /** Ends what is under way; it counts as an error at the next start. */
  async close(): Promise<void> {
    const all = [...this.#copying.values()];
    all.forEach(({ stop }) => stop.abort());
    await Promise.all(all.map(({ done }) => done));
  }

  async #copy(id: string, disk: string, signal: AbortSignal): Promise<void> {
    let outcome: Partial<SnapshotRecord>;
    try {
      await this.#disks.keep(id, disk, signal);
      outcome = { status: 'complete', size: await this.#disks.size(id) };
    } catch (error) {
      outcome = { status: 'error', error: messageOf(error) };
    }
    this.#table.put({ ...this.get(id), ...outcome });
    this.#copying.delete(id);
    if (outcome.status === 'error') {
      await this.#disks.remove(id);
    }
  }
}
