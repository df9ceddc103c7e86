import { parseApiKey } from '../../core/platform/client';
import { saidBy, RuntimeError } from '../../core/errors';
import { extensionProblem } from '../messages/extensionProblems';
import type { Secrets } from './limitedSecrets';

/** What the names of all keys in the secret storage begin with. */
export const keyPrefix = 'runloop.apiKey:';

/** The keys of all accounts, in the editor's secret storage; a keyring that refuses says so in words. */
export class Keyring {
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /**
   * @param profile the named account, or undefined for the one of the settings and the environment
   * @throws RuntimeError `keyring`, also for what cannot be a key
   */
  async get(baseUrl: string, profile: string | undefined): Promise<string | undefined> {
    const stored = await this.#secrets.get(nameOf(baseUrl, profile));
    if (stored === undefined) return undefined;
    try {
      return parseApiKey(stored);
    } catch (error) {
      throw new RuntimeError({ problem: extensionProblem('keyring', { why: saidBy(error, 200) }), cause: error });
    }
  }

  /** @throws RuntimeError `keyring` */
  store(baseUrl: string, profile: string | undefined, apiKey: string): Promise<void> {
    return this.#secrets.store(nameOf(baseUrl, profile), apiKey);
  }

  /** @throws RuntimeError `keyring` */
  delete(baseUrl: string, profile: string | undefined): Promise<void> {
    return this.#secrets.delete(nameOf(baseUrl, profile));
  }
}

function nameOf(baseUrl: string, profile: string | undefined): string {
  // No base URL has a fragment.
  return `${keyPrefix}${baseUrl}${profile === undefined ? '' : `#${profile}`}`;
}
