import { DevboxSecrets } from '../account/devboxSecrets';
import type { Secrets } from '../account/limitedSecrets';
import type { StartChoices } from '../../core/start/startChoices';

const storedUnder = 'runloop.startedChoices';
/** Devboxes whose choices are kept: the newest ones. */
const mostDevboxes = 50;

/** What devboxes were started with from here, values of variables included, so that another one can be started like them. */
export class StartedChoices {
  readonly #stored: DevboxSecrets;

  constructor(storage: Secrets) {
    this.#stored = new DevboxSecrets(storage, storedUnder, mostDevboxes);
  }

  async of(devboxId: string): Promise<StartChoices | undefined> {
    const { [devboxId]: stored } = await this.#stored.all();
    const { parseAllChoices } = await import('../../core/start/choicesAgain');
    return parseAllChoices(stored);
  }

  /** @throws what SecretStorage throws */
  async keep(devboxId: string, choices: StartChoices): Promise<void> {
    // Told of several times while it starts.
    await this.#stored.keep(devboxId, (known) => (JSON.stringify(known) === JSON.stringify(choices) ? known : choices));
  }
}
