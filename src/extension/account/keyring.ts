import type { SecretStorage } from 'vscode';
import { saidBy, RuntimeError } from '../../core/errors';
import { extensionProblem } from '../messages/extensionProblems';

/** What the names of all keys in the secret storage begin with. */
export const keyPrefix = 'runloop.apiKey:';

/** The keys of all accounts, in the editor's secret storage; a keyring that refuses says so in words. */
export class Keyring {
  readonly #secrets: SecretStorage;

  constructor(secrets: SecretStorage) {
    this.#secrets = secrets;
  }

  /**
   * @param profile the named account, or undefined for the one of the settings and the environment
   * @throws RuntimeError `keyring`
   */
  get(baseUrl: string, profile: string | undefined): Promise<string | undefined> {
    return asked(this.#secrets.get(nameOf(baseUrl, profile)));
  }

  /** @throws RuntimeError `keyring` */
  store(baseUrl: string, profile: string | undefined, apiKey: string): Promise<void> {
    return asked(this.#secrets.store(nameOf(baseUrl, profile), apiKey));
  }

  /** @throws RuntimeError `keyring` */
  delete(baseUrl: string, profile: string | undefined): Promise<void> {
    return asked(this.#secrets.delete(nameOf(baseUrl, profile)));
  }
}

function nameOf(baseUrl: string, profile: string | undefined): string {
  // No base URL has a fragment.
  return `${keyPrefix}${baseUrl}${profile === undefined ? '' : `#${profile}`}`;
}

async function asked<T>(answer: Thenable<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new RuntimeError({ problem: extensionProblem('keyring', { why: saidBy(error, 200) }), cause: error });
  }
}
