import { EventEmitter, workspace, type Event, type Memento, type SecretStorage } from 'vscode';
import type { Prices } from '../../core/cost/prices';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl, parseApiKey, parseBaseUrl, type ApiAccount } from '../../core/platform/client';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { contextKeys } from '../commandIds';
import type { Log } from '../messages/log';
import { setContext } from '../setContext';
import type { Profiles } from './profiles';
import { readPrices, readSettings, settingsSection } from './settings';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SignedIn {
  readonly api: RunloopApi;
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Where the key comes from. */
  readonly source: 'secret' | 'environment' | 'local';
}

/** The local platform as an account: joined when it runs, without network. */
export interface LocalSource {
  join(): Promise<{ readonly baseUrl: string; readonly apiKey: string } | undefined>;
}

export interface AccountOptions {
  readonly secrets: SecretStorage;
  readonly env: Environment;
  readonly log: Log;
  /** Remembers over reloads what this window uses. */
  readonly memory: Memento;
  readonly local: LocalSource;
  readonly profiles: Profiles;
}

/**
 * The one account of this window: which API, which key. Keys lie in SecretStorage under the API's address, so that a
 * key given for one address is never sent to another.
 */
export class Account implements Disposable {
  readonly #secrets: SecretStorage;
  readonly #env: Environment;
  readonly #log: Log;
  readonly #memory: Memento;
  readonly #local: LocalSource;
  readonly profiles: Profiles;
  readonly #changed = new EventEmitter<void>();
  readonly #pricesChanged = new EventEmitter<void>();
  /** Read for every row, so kept until the setting changes. */
  #prices: Prices | undefined;
  readonly #subscriptions: Disposable[];
  /** Looked up once until something changes; a lookup that a change overtook tells nobody anything. */
  #current: Promise<SignedIn | undefined> | undefined;
  /** The lookup that the menus know of. */
  #told: Promise<SignedIn | undefined> | undefined;
  /** Addresses for which the user signed out although the environment holds a key. */
  readonly #declined = new Set<string>();

  readonly onDidChange: Event<void> = this.#changed.event;
  readonly onDidChangePrices: Event<void> = this.#pricesChanged.event;

  constructor({ secrets, env, log, memory, local, profiles }: AccountOptions) {
    this.profiles = profiles;
    this.#secrets = secrets;
    this.#env = env;
    this.#log = log;
    this.#memory = memory;
    this.#local = local;
    this.#subscriptions = [
      this.#changed,
      this.#pricesChanged,
      // Another window signed in or out.
      secrets.onDidChange(({ key }) => {
        if (key.startsWith(secretPrefix)) this.#forget();
      }),
      workspace.onDidChangeConfiguration((event) => {
        if (['baseUrl', 'profiles'].some((name) => event.affectsConfiguration(`${settingsSection}.${name}`))) {
          this.#forget();
        }
        if (event.affectsConfiguration(`${settingsSection}.prices`)) {
          this.#prices = undefined;
          this.#pricesChanged.fire();
        }
      }),
    ];
  }

  /**
   * Address of the API: the profile's, else the setting, else `RUNLOOP_BASE_URL`, else Runloop's own.
   *
   * @throws RuntimeError `invalid_option`
   */
  baseUrl(): string {
    const fromEnvironment = this.#env['RUNLOOP_BASE_URL']?.trim();
    return parseBaseUrl(
      this.profiles.active()?.baseUrl ??
        readSettings().baseUrl ??
        (fromEnvironment === undefined || fromEnvironment === '' ? defaultBaseUrl : fromEnvironment),
    );
  }

  /**
   * The account in use, or undefined when nobody is signed in.
   *
   * @throws RuntimeError `invalid_option` for a base URL that is none
   */
  async current(): Promise<SignedIn | undefined> {
    const looked = (this.#current ??= this.#look());
    try {
      const current = await looked;
      if (this.#current === looked && this.#told !== looked) {
        this.#told = looked;
        await tellMenus(current);
      }
      // What a change overtook would go on speaking with the old key.
      return this.#current === looked ? current : await this.current();
    } catch (error) {
      if (this.#current === looked) this.#current = undefined;
      throw error;
    }
  }

  async #look(): Promise<SignedIn | undefined> {
    return (await this.#joinedLocal()) ?? (await this.#keyed());
  }

  /** Whether this window uses the local platform. */
  get usesLocal(): boolean {
    return this.#memory.get(usesLocalKey) === true;
  }

  /** What devboxes of this window's account cost; undefined where they cost nothing. */
  get prices(): Prices | undefined {
    return this.usesLocal ? undefined : (this.#prices ??= readPrices());
  }

  /** Turns this window to the local platform, which must run, or back to the account that the settings name. */
  async useLocal(use: boolean): Promise<void> {
    await this.#memory.update(usesLocalKey, use ? true : undefined);
    this.#forget();
  }

  /** Turns this window to a named profile, or with undefined to the account of settings and environment. */
  async useProfile(name: string | undefined): Promise<void> {
    await this.profiles.choose(name);
    await this.#memory.update(usesLocalKey, undefined);
    this.#forget();
  }

  /** Removes a named profile and its key; a window that uses it goes back to the account of settings and environment. */
  async removeProfile(name: string): Promise<void> {
    const baseUrl = this.profiles.all()[name];
    if (baseUrl === undefined) return;
    if (this.profiles.active()?.name === name) await this.profiles.choose(undefined);
    if (URL.canParse(baseUrl)) await this.#secrets.delete(secretName(parseBaseUrl(baseUrl), name));
    await this.profiles.remove(name);
    this.#forget();
  }

  async #joinedLocal(): Promise<SignedIn | undefined> {
    if (!this.usesLocal) return undefined;
    const joined = await this.#local.join();
    if (joined !== undefined) return { ...joined, api: await openApi(joined), source: 'local' };
    // It has ended since; the window goes back to its account.
    await this.#memory.update(usesLocalKey, undefined);
    return undefined;
  }

  async #keyed(): Promise<SignedIn | undefined> {
    const baseUrl = this.baseUrl();
    const profile = this.profiles.active()?.name;
    const stored = await this.#secrets.get(secretName(baseUrl, profile));
    // The environment's key is for the environment's own account.
    const fromEnvironment = profile === undefined ? this.#env['RUNLOOP_API_KEY']?.trim() : undefined;
    const apiKey = stored ?? (fromEnvironment === '' || this.#declined.has(baseUrl) ? undefined : fromEnvironment);
    if (apiKey === undefined) return undefined;
    const source = stored === undefined ? 'environment' : 'secret';
    return { api: await openApi({ apiKey, baseUrl }), apiKey, baseUrl, source };
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
    const account = await (await openApi({ apiKey, baseUrl })).me({ signal });
    await this.#secrets.store(secretName(baseUrl, this.profiles.active()?.name), apiKey);
    this.#declined.delete(baseUrl);
    await this.#memory.update(usesLocalKey, undefined);
    this.#forget();
    return { accountName: account.name };
  }

  /** Forgets the key of the API in use. A key in the environment is not used again in this window. */
  async signOut(): Promise<void> {
    const baseUrl = this.baseUrl();
    await this.#secrets.delete(secretName(baseUrl, this.profiles.active()?.name));
    this.#declined.add(baseUrl);
    this.#forget();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #forget(): void {
    this.#current = undefined;
    this.#log.info('The account or the address of its API changed.');
    this.#changed.fire();
  }
}

/** Menus ask whether there is a key at all, and which kind of account it is. */
async function tellMenus(current: SignedIn | undefined): Promise<void> {
  const source = current?.source;
  await setContext(contextKeys.account, source === 'local' ? 'secret' : (source ?? 'none'));
  await setContext(contextKeys.localPlatform, source === 'local');
  await setContext(contextKeys.hasDashboard, current?.baseUrl === defaultBaseUrl);
}

/** The code that speaks to Runloop is read when somebody is signed in. */
async function openApi(account: ApiAccount): Promise<RunloopApi> {
  const { RunloopApi: Api } = await import('../../core/platform/runloopApi');
  return new Api(account);
}

const usesLocalKey = 'runloop.usesLocalPlatform';
const secretPrefix = 'runloop.apiKey:';

function secretName(baseUrl: string, profile: string | undefined): string {
  // No base URL has a fragment.
  return `${secretPrefix}${baseUrl}${profile === undefined ? '' : `#${profile}`}`;
}
