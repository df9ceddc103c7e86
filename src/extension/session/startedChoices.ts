import type { Secrets } from '../account/limitedSecrets';
import { asObject, parseJson } from '../../core/parse';
import type { StartChoices } from '../../core/start/startChoices';

const storedUnder = 'runloop.startedChoices';
/** Devboxes whose choices are kept: the newest ones. */
const mostDevboxes = 50;

/** What devboxes were started with from here, values of variables included, so that another one can be started like them. */
export class StartedChoices {
  readonly #storage: Secrets;
  #writing: Promise<void> = Promise.resolve();

  constructor(storage: Secrets) {
    this.#storage = storage;
  }

  async of(devboxId: string): Promise<StartChoices | undefined> {
    await this.#writing;
    const { parseAllChoices } = await import('../../core/start/choicesAgain');
    return parseAllChoices((await this.#stored())[devboxId]);
  }

  /** @throws what SecretStorage throws */
  async keep(devboxId: string, choices: StartChoices): Promise<void> {
    const before = this.#writing;
    const write = (async () => {
      await before;
      const { [devboxId]: known, ...others } = await this.#stored();
      // Told of several times while it starts.
      if (JSON.stringify(known) === JSON.stringify(choices)) return;
      const entries = [...Object.entries(others).slice(1 - mostDevboxes), [devboxId, choices]];
      await this.#storage.store(storedUnder, JSON.stringify(Object.fromEntries(entries)));
    })();
    this.#writing = write.catch(() => undefined); // It fails for the one who asked; the next one may write again.
    await write;
  }

  async #stored(): Promise<Readonly<Record<string, unknown>>> {
    return asObject(parseJson((await this.#storage.get(storedUnder)) ?? '')) ?? {};
  }
}
