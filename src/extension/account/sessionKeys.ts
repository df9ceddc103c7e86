import type { SecretStorage } from 'vscode';
import type { SessionKeyStore } from '../../core/options/runtimeOptions';

/** Session keys of action servers, in SecretStorage, so that a later window can attach without asking the devbox. */
export class SecretSessionKeys implements SessionKeyStore {
  readonly #secrets: SecretStorage;

  constructor(secrets: SecretStorage) {
    this.#secrets = secrets;
  }

  async get(devboxId: string): Promise<string | undefined> {
    return this.#secrets.get(name(devboxId));
  }

  async set(devboxId: string, key: string): Promise<void> {
    await this.#secrets.store(name(devboxId), key);
  }

  async delete(devboxId: string): Promise<void> {
    await this.#secrets.delete(name(devboxId));
  }
}

function name(devboxId: string): string {
  return `runloop.sessionKey:${devboxId}`;
}
