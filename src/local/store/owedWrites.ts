import { DevboxError } from '../errors';
import type { RecordTable, Stored } from './recordTable';

/** Pause before what could not be written is tried again, in milliseconds. */
const retryPause = 1_000;

/**
 * Writes what has happened already and cannot be refused any more. What a full disk does not take is owed, and written as
 * soon as there is room.
 */
export class OwedWrites<T extends Stored> {
  readonly #table: Pick<RecordTable<T>, 'put'>;
  readonly #owed = new Map<string, T>();
  #timer: NodeJS.Timeout | undefined;

  constructor(table: Pick<RecordTable<T>, 'put'>) {
    this.#table = table;
  }

  /** @throws what a table throws, but for a full disk */
  put(record: T): void {
    this.#owed.set(record.id, record);
    this.settle();
  }

  /** Writes what is owed, as far as there is room. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [id, record] of this.#owed) {
      try {
        this.#table.put(record);
        this.#owed.delete(id);
      } catch (error) {
        if (!(error instanceof DevboxError) || error.kind !== 'no_room') {
          this.#owed.delete(id);
          throw error;
        }
        this.#timer = setTimeout(() => this.settle(), retryPause).unref();
        return;
      }
    }
  }
}
