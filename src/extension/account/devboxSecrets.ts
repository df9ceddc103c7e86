import { asObject, parseJson, type JsonObject } from '../../core/parse';
import type { Secrets } from './limitedSecrets';

/** What SecretStorage keeps of devboxes under one name: of the newest ones, and written one after the other. */
export class DevboxSecrets {
  readonly #storage: Secrets;
  readonly #storedUnder: string;
  readonly #mostDevboxes: number;
  /** By hand, as activation reads this file, and would read `p-limit` for it. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(storage: Secrets, storedUnder: string, mostDevboxes: number) {
    this.#storage = storage;
    this.#storedUnder = storedUnder;
    this.#mostDevboxes = mostDevboxes;
  }

  /** Of all of them, by their ids, with what is being written now. @throws what SecretStorage throws */
  async all(): Promise<JsonObject> {
    await this.#writing;
    return this.#stored();
  }

  /**
   * @param change gives what is kept of the devbox from now on; the same where nothing is to be written
   * @throws what SecretStorage throws; the next one may write again
   */
  async keep(devboxId: string, change: (known: unknown) => unknown): Promise<void> {
    const write = this.#writing.then(async () => {
      const { [devboxId]: known, ...others } = await this.#stored();
      const kept = change(known);
      if (kept === known) return;
      const entries = [...Object.entries(others).slice(1 - this.#mostDevboxes), [devboxId, kept]];
      await this.#storage.store(this.#storedUnder, JSON.stringify(Object.fromEntries(entries)));
    });
    this.#writing = write.catch(() => undefined); // It fails for the one who asked.
    await write;
  }

  async #stored(): Promise<JsonObject> {
    return asObject(parseJson((await this.#storage.get(this.#storedUnder)) ?? '')) ?? {};
  }
}
