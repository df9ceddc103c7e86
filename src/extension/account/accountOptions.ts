import type { Memento, SecretStorage } from 'vscode';
import type { Log } from '../messages/log';
import type { Secrets } from './limitedSecrets';
import type { Profiles } from './profiles';

/** The local platform as an account: joined when it runs, without network. */
export interface LocalSource {
  join(): Promise<{ readonly baseUrl: string; readonly apiKey: string } | undefined>;
}

export interface AccountOptions {
  readonly secrets: Secrets;
  /** Told of what changes in them, also by other windows. */
  readonly onDidChangeSecrets: SecretStorage['onDidChange'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Remembers over reloads what this window uses. */
  readonly memory: Memento;
  readonly local: LocalSource;
  readonly profiles: Profiles;
}
