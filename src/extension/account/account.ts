import { commands, EventEmitter, workspace, type Event, type SecretStorage } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl, parseApiKey, parseBaseUrl } from '../../core/platform/client';
import { RunloopApi } from '../../core/platform/runloopApi';
import { contextKeys } from '../commandIds';
import type { Log } from '../log';
import { readSettings, settingsSection } from './settings';

export interface SignedIn {
  readonly api: RunloopApi;
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Where the key comes from. */
  readonly source: 'secret' | 'environment';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The one account of this window: which API, which key. Keys lie in SecretStorage under the API's address, so that a
 * key given for one address is never sent to another.
 */
export class Account implements Disposable {
  readonly #secrets: SecretStorage;
  readonly #env: Environment;
  readonly #log: Log;
  readonly #changed = new EventEmitter<void>();
  readonly #subscriptions: Disposable[];
  #current: SignedIn | undefined;
  #known = false;
  /** Addresses for which the user signed out although the environment holds a key. */
  readonly #declined = new Set<string>();

  readonly onDidChange: Event<void> = this.#changed.event;

  constructor(secrets: SecretStorage, env: Environment, log: Log) {
    this.#secrets = secrets;
    this.#env = env;
    this.#log = log;
    this.#subscriptions = [
      this.#changed,
      // Another window signed in or out.
      secrets.onDidChange(({ key }) => {
        if (key.startsWith(secretPrefix)) this.#forget();
      }),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${settingsSection}.baseUrl`)) this.#forget();
      }),
    ];
  }

  /**
   * Address of the API: the setting, else `RUNLOOP_BASE_URL`, else Runloop's own.
   *
   * @throws RuntimeError `invalid_option`
   */
  baseUrl(): string {
    const fromEnvironment = this.#env['RUNLOOP_BASE_URL']?.trim();
    return parseBaseUrl(
      readSettings().baseUrl ?? (fromEnvironment === undefined || fromEnvironment === '' ? defaultBaseUrl : fromEnvironment),
    );
  }

  /**
   * The account in use, or undefined when nobody is signed in.
   *
   * @throws RuntimeError `invalid_option` for a base URL that is none
   */
  async current(): Promise<SignedIn | undefined> {
    if (this.#known) return this.#current;
    const baseUrl = this.baseUrl();
    const stored = await this.#secrets.get(secretName(baseUrl));
    const fromEnvironment = this.#env['RUNLOOP_API_KEY']?.trim();
    const apiKey = stored ?? (fromEnvironment === '' || this.#declined.has(baseUrl) ? undefined : fromEnvironment);
    this.#current =
      apiKey === undefined
        ? undefined
        : {
            api: new RunloopApi({ apiKey, baseUrl }),
            apiKey,
            baseUrl,
            source: stored === undefined ? 'environment' : 'secret',
          };
    this.#known = true;
    await commands.executeCommand('setContext', contextKeys.account, this.#current?.source ?? 'none');
    return this.#current;
  }

  /**
   * The account in use.
   *
   * @throws RuntimeError `missing_api_key`
   */
  async require(): Promise<SignedIn> {
    const current = await this.current();
    if (current !== undefined) return current;
    throw new RuntimeError({
      code: 'missing_api_key',
      message: 'You are not signed in to Runloop.',
      nextStep: 'Sign in with an API key.',
    });
  }

  /**
   * Checks a key against the API and keeps it.
   *
   * @throws RuntimeError if the API refuses it or cannot be reached; then nothing is kept
   */
  async signIn(key: string, signal: AbortSignal): Promise<{ readonly accountName: string }> {
    const apiKey = parseApiKey(key);
    const baseUrl = this.baseUrl();
    const account = await new RunloopApi({ apiKey, baseUrl }).me({ signal });
    await this.#secrets.store(secretName(baseUrl), apiKey);
    this.#declined.delete(baseUrl);
    this.#forget();
    return { accountName: account.name };
  }

  /** Forgets the key of the API in use. A key in the environment is not used again in this window. */
  async signOut(): Promise<void> {
    const baseUrl = this.baseUrl();
    await this.#secrets.delete(secretName(baseUrl));
    this.#declined.add(baseUrl);
    this.#forget();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #forget(): void {
    this.#known = false;
    this.#current = undefined;
    this.#log.info('The account or the address of its API changed.');
    this.#changed.fire();
  }
}

const secretPrefix = 'runloop.apiKey:';

function secretName(baseUrl: string): string {
  return `${secretPrefix}${baseUrl}`;
}
