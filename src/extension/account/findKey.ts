import type { Log } from '../messages/log';
import type { Keyring } from './keyring';

/** An account as it was found: which API, which key. */
export interface FoundAccount {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Where the key comes from. */
  readonly source: 'secret' | 'environment' | 'local';
}

/**
 * The key that was kept for an API, else the one that the environment offers; undefined if there is neither. A keyring that
 * refuses is passed over where there is another key.
 *
 * @throws RuntimeError `keyring`
 */
export async function findKey(
  { keyring, log }: { readonly keyring: Keyring; readonly log: Log },
  { baseUrl, profile }: { readonly baseUrl: string; readonly profile: string | undefined },
  offered: string | undefined,
): Promise<FoundAccount | undefined> {
  try {
    const stored = await keyring.get(baseUrl, profile);
    if (stored !== undefined) return { apiKey: stored, baseUrl, source: 'secret' };
  } catch (error) {
    if (offered === undefined) throw error;
    log.failure('Reading the key', error);
  }
  return offered === undefined ? undefined : { apiKey: offered, baseUrl, source: 'environment' };
}
