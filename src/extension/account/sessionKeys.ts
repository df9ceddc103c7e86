import type { SessionKeyStore } from '../../core/options/runtimeOptions';
import type { Log } from '../messages/log';
import type { Secrets } from './limitedSecrets';

/**
 * Session keys of action servers, in SecretStorage, so that a later window can attach without asking the devbox. They are in
 * the devboxes as well: a keyring that refuses neither ends a start nor hides that a devbox has ended.
 */
export class SecretSessionKeys implements SessionKeyStore {
  readonly #secrets: Secrets;
  readonly #log: Log;

  constructor(secrets: Secrets, log: Log) {
    this.#secrets = secrets;
    this.#log = log;
  }

  async get(devboxId: string): Promise<string | undefined> {
    return this.#try('Reading', this.#secrets.get(name(devboxId)));
  }

  async set(devboxId: string, key: string): Promise<void> {
    await this.#try('Storing', this.#secrets.store(name(devboxId), key));
  }

  async delete(devboxId: string): Promise<void> {
    await this.#try('Removing', this.#secrets.delete(name(devboxId)));
  }

  async #try<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.#log.failure(`${what} a session key`, error);
      return undefined;
    }
  }
}

function name(devboxId: string): string {
  return `runloop.sessionKey:${devboxId}`;
}
