import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import * as z from 'zod';
import { writeAll } from '../../ground/writeAll';
import { longestTimerMs } from '../../ground/deadline';
import { codeOf, DevboxError, messageOf } from '../errors';
import { shortageOf } from '../host/shortage';
import { newFileName, newObjectId } from '../ids';
import type { ListQuery, Page, RecordTable } from '../store/recordTable';
import type { Store } from '../store/store';

/** What an object may be; archives are unpacked where they are mounted. */
export const contentTypes = ['unspecified', 'text', 'binary', 'gzip', 'tar', 'tgz'] as const;

/** What becomes of an object. */
export const objectStates = ['UPLOADING', 'READ_ONLY', 'DELETED', 'ERROR'] as const;

const objectRecord = z.object({
  id: z.string(),
  name: z.string(),
  contentType: z.enum(contentTypes),
  createdAt: z.number(),
  /** Unix milliseconds at which it is deleted by itself. */
  deleteAfter: z.number().optional(),
  metadata: z.record(z.string(), z.string()),
  state: z.enum(objectStates),
  size: z.number().optional(),
});

/** An object as the store has it; its bytes are a file of its own. */
export type ObjectRecord = z.infer<typeof objectRecord>;

/** What its maker says about an object. */
export interface ObjectNotes {
  readonly name: string;
  readonly contentType: ObjectRecord['contentType'];
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds from now. */
  readonly lifetime: number | undefined;
}

/** An upload that is under way carries this behind its name. */
const unfinished = '.part';

/** Deleted objects that can still be asked for; older ones are forgotten at the next start. */
const keptDeleted = 20_000;

/** The account's storage objects: bytes that outlive devboxes. */
export class Objects {
  readonly #store: Store;
  readonly #table: RecordTable<ObjectRecord>;
  readonly #folder: string;
  /** When the objects that do not stay for ever are to go, by id. */
  readonly #ends = new Map<string, number>();
  readonly #removals = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(store: Store) {
    this.#store = store;
    this.#table = store.table({
      table: 'objects',
      schema: objectRecord,
      columns: ({ name, state }) => ({ name, status: state }),
    });
    this.#folder = store.folder('objects');
  }

  /** Opens the objects; half uploads of a killed platform are cleared away, and what is over its time is deleted. */
  static async open(store: Store): Promise<Objects> {
    const objects = new Objects(store);
    objects.#table.prune(['DELETED'], keptDeleted);
    const known = new Set<string>();
    for (const { id, deleteAfter } of objects.#table.list({
      limit: Number.MAX_SAFE_INTEGER,
      where: ({ state }) => state !== 'DELETED',
    }).items) {
      known.add(id);
      const lost = objects.#table.get(id);
      if (lost?.state === 'READ_ONLY' && (await sizeOf(objects.#file(id))) !== lost.size) {
        objects.#table.put({ ...lost, state: 'ERROR' });
        store.logLine(`The bytes of object ${id} are not in the data folder any more, or not whole.`);
      }
      if (deleteAfter !== undefined) {
        objects.#ends.set(id, deleteAfter);
      }
    }
    for (const name of await readdir(objects.#folder)) {
      if (!known.has(name)) {
        await store.trash.discard(join(objects.#folder, name));
      }
    }
    objects.#expire();
    return objects;
  }

  /**
   * Makes an object that waits for its bytes.
   * @param key the same for a repeated request
   */
  create(notes: ObjectNotes, key: string | undefined): ObjectRecord {
    const id = this.#store.once(key, () => {
      const createdAt = Date.now();
      const record: ObjectRecord = {
        id: newObjectId(),
        name: notes.name,
        contentType: notes.contentType,
        createdAt,
        deleteAfter: notes.lifetime === undefined ? undefined : createdAt + notes.lifetime,
        metadata: { ...notes.metadata },
        state: 'UPLOADING',
      };
      this.#table.put(record);
      if (record.deleteAfter !== undefined) {
        this.#ends.set(record.id, record.deleteAfter);
      }
      return record.id;
    });
    this.#expire();
    return this.get(id);
  }

  /** @throws DevboxError `not_found` */
  get(id: string): ObjectRecord {
    const record = this.find(id);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no object ${id}.`);
    }
    return record;
  }

  /** An object by id, deleted ones too; undefined if there is none. */
  find(id: string): ObjectRecord | undefined {
    this.#expire();
    return this.#table.get(id);
  }

  /** A page of the objects, newest first; deleted ones only when their state is asked for. */
  page(query: ListQuery<ObjectRecord>): Page<ObjectRecord> {
    this.#expire();
    const { where } = query;
    return this.#table.list(
      query.status === undefined
        ? { ...query, where: (record) => record.state !== 'DELETED' && (where?.(record) ?? true) }
        : query,
    );
  }

  /**
   * Takes an object's bytes to disk as they come; a second upload replaces the first.
   * @throws DevboxError `wrong_state` once the object is complete, `failed` when the bytes cannot be stored
   */
  async upload(id: string, content: Readable, signal: AbortSignal): Promise<void> {
    this.#requireUploading(id);
    const part = join(this.#folder, `${id}.${newFileName()}${unfinished}`);
    try {
      await writeAll([content], part, { signal });
      // Only now: until here the object may have been completed with other bytes, or deleted.
      this.#requireUploading(id);
      await rename(part, this.#file(id));
    } catch (error) {
      await rm(part, { force: true });
      throw error instanceof DevboxError || shortageOf(error) !== undefined
        ? error
        : new DevboxError('failed', `The bytes of object ${id} could not be stored: ${messageOf(error)}.`, {
            cause: error,
          });
    }
  }

  /**
   * Ends the upload: from now on the object can be read, and never changes.
   * @throws DevboxError `wrong_state` when nothing was uploaded
   */
  async complete(id: string): Promise<ObjectRecord> {
    const record = this.get(id);
    if (record.state !== 'UPLOADING') {
      if (record.state === 'READ_ONLY') {
        return record;
      }
      throw new DevboxError('wrong_state', `Object ${id} is ${record.state} and cannot be completed.`);
    }
    const size = await sizeOf(this.#file(id));
    if (size === undefined) {
      throw new DevboxError(
        'wrong_state',
        `Nothing was uploaded for object ${id}. Send its bytes with a PUT to its upload_url first.`,
      );
    }
    this.#requireUploading(id);
    const complete: ObjectRecord = { ...this.get(id), state: 'READ_ONLY', size };
    this.#table.put(complete);
    return complete;
  }

  /**
   * The file with a complete object's bytes.
   * @throws DevboxError `wrong_state` before the upload is complete
   */
  file(id: string): { readonly file: string; readonly size: number; readonly record: ObjectRecord } {
    const record = this.get(id);
    if (record.state !== 'READ_ONLY') {
      throw new DevboxError(
        'wrong_state',
        `Object ${id} is ${record.state}: it can be read while it is READ_ONLY, from the end of its upload on.`,
      );
    }
    return { file: this.#file(id), size: record.size ?? 0, record };
  }

  /** Deletes an object and its bytes. */
  async delete(id: string): Promise<ObjectRecord> {
    const deleted: ObjectRecord = { ...this.get(id), state: 'DELETED' };
    this.#table.put(deleted);
    this.#ends.delete(id);
    await rm(this.#file(id), { force: true });
    return deleted;
  }

  /** Waits for nothing any more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#removals);
  }

  #file(id: string): string {
    return join(this.#folder, id);
  }

  #requireUploading(id: string): void {
    const { state } = this.get(id);
    if (state !== 'UPLOADING') {
      throw new DevboxError('conflict', `Object ${id} is ${state} and cannot be changed any more. Make another one.`);
    }
  }

  /** Deletes what is over its time, and looks again when the next one will be. */
  #expire(): void {
    const now = Date.now();
    for (const [id, end] of this.#ends) {
      if (end <= now) {
        const over = this.#table.get(id);
        if (over !== undefined) {
          this.#table.put({ ...over, state: 'DELETED' });
        }
        this.#ends.delete(id);
        const removal = rm(this.#file(id), { force: true })
          // What is left of it is removed at the next start.
          .catch((error: unknown) => process.emitWarning(`An object's bytes could not be removed: ${messageOf(error)}`))
          .finally(() => this.#removals.delete(removal));
        this.#removals.add(removal);
      }
    }
    clearTimeout(this.#timer);
    const next = Math.min(...this.#ends.values());
    if (Number.isFinite(next)) {
      this.#timer = setTimeout(() => this.#expire(), Math.min(next - now, longestTimerMs)).unref();
    }
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
