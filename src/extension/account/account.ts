import { EventEmitter, workspace, type Event, type Memento } from 'vscode';
import type { Prices } from '../../core/cost/prices';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl, parseApiKey, parseBaseUrl } from '../../core/platform/client';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { Log } from '../messages/log';
import type { AccountOptions, LocalSource } from './accountOptions';
import { tellMenus } from './accountMenus';
import { findKey, type FoundAccount } from './findKey';
import { Keyring, keyPrefix } from './keyring';
import { openApi } from './openApi';
import type { Profiles } from './profiles';
import { readPrices, readSettings, settingsSection } from './settings';
import { extensionProblem } from '../messages/extensionProblems';

export interface SignedIn extends FoundAccount {
  readonly api: RunloopApi;
  /**
   * Aborts when this window turns to another account or none. What was begun for this account ends with it, or goes on
   * with {@link api} and shows nothing in the window.
   */
  readonly ended: AbortSignal;
}

/**
 * The one account of this window: which API, which key. Keys lie in SecretStorage under the API's address, so that a
 * key given for one address is never sent to another.
 */
export class Account implements Disposable {
  readonly #keyring: Keyring;
  readonly #env: AccountOptions['env'];
  readonly #log: Log;
  readonly #memory: Memento;
  readonly #local: LocalSource;
  readonly profiles: Profiles;
  readonly #changed = new EventEmitter<void>();
  readonly #pricesChanged = new EventEmitter<void>();
  /** Read for every row, so kept until the setting changes. */
  #prices: Prices | undefined;
  readonly #subscriptions: Disposable[];
  /** Looked up once until something may have changed; a lookup that another overtook tells nobody anything. */
  #current: Promise<SignedIn | undefined> | undefined;
  /** What the last lookup found; undefined before the first one. */
  #known: { readonly account: SignedIn | undefined; readonly stop: AbortController } | undefined;
  #lookups = 0;
  /** Something may have changed before anybody looked. */
  #mayHaveChanged = false;
  /** Those who looked last were told of a failure: whatever is found next is news to them. */
  #hasFailed = false;
  /** The lookup that the menus know of. */
  #told: Promise<SignedIn | undefined> | undefined;
  /** Addresses for which the user signed out although the environment holds a key. */
  readonly #declined = new Set<string>();

  readonly onDidChange: Event<void> = this.#changed.event;
  readonly onDidChangePrices: Event<void> = this.#pricesChanged.event;

  constructor({ secrets, onDidChangeSecrets, env, log, memory, local, profiles }: AccountOptions) {
    this.profiles = profiles;
    this.#keyring = new Keyring(secrets);
    this.#env = env;
    this.#log = log;
    this.#memory = memory;
    this.#local = local;
    this.#subscriptions = [
      this.#changed,
      this.#pricesChanged,
      // Another window signed in or out, of this account or of another.
      onDidChangeSecrets(({ key }) => this.secretCame(key)),
      workspace.onDidChangeConfiguration((event) => {
        if (['baseUrl', 'profiles'].some((name) => event.affectsConfiguration(`${settingsSection}.${name}`))) {
          this.#lookAgainSoon();
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
   * @throws RuntimeError `invalid_option` for a base URL that is none
   */
  async current(): Promise<SignedIn | undefined> {
    const looked = (this.#current ??= this.#look());
    try {
      const current = await looked;
      if (this.#current === looked && this.#told !== looked) {
        this.#told = looked;
        await tellMenus(current, this.isLocal);
      }
      // What a change overtook would go on speaking with the old key.
      return this.#current === looked ? current : await this.current();
    } catch (error) {
      if (this.#isOvertaken(looked)) return this.current();
      this.#current = undefined;
      throw error;
    }
  }

  /** Whether another look has begun since. */
  #isOvertaken(looked: Promise<SignedIn | undefined>): boolean {
    return this.#current !== undefined && this.#current !== looked;
  }

  async #look(): Promise<SignedIn | undefined> {
    this.#lookups += 1;
    const lookup = this.#lookups;
    try {
      const found = (await this.#joinedLocal()) ?? (await this.#keyed());
      const api = found === undefined || this.#isKnown(found) ? undefined : await openApi(found);
      return lookup === this.#lookups ? this.#take(found, api) : await this.current();
    } catch (error) {
      // A base URL that is none: whatever this window did before, it did for another account.
      if (lookup === this.#lookups) this.#end();
      throw error;
    }
  }

  #isKnown(found: FoundAccount): boolean {
    const known = this.#known?.account;
    return known?.apiKey === found.apiKey && known.baseUrl === found.baseUrl;
  }

  /** Takes what was found as the account of this window; tells of it only if it is another one. */
  #take(found: FoundAccount | undefined, api: RunloopApi | undefined): SignedIn | undefined {
    const known = this.#known;
    if (known !== undefined && (found === undefined ? known.account === undefined : this.#isKnown(found))) {
      // The same account, whose key may come from elsewhere now.
      const account = known.account === undefined || found === undefined ? undefined : { ...known.account, ...found };
      this.#known = { account, stop: known.stop };
      return account;
    }
    const stop = new AbortController();
    const account = found === undefined || api === undefined ? undefined : { ...found, api, ended: stop.signal };
    this.#known = { account, stop };
    this.#mayHaveChanged ||= this.#hasFailed;
    this.#tellOfChange(known);
    return account;
  }

  #end(): void {
    const known = this.#known;
    this.#known = undefined;
    this.#tellOfChange(known);
    this.#hasFailed = true;
  }

  #tellOfChange(before: { readonly stop: AbortController } | undefined): void {
    if (before === undefined && !this.#mayHaveChanged) return;
    this.#mayHaveChanged = false;
    this.#hasFailed = false;
    before?.stop.abort();
    this.#log.info('The account or the address of its API changed.');
    this.#changed.fire();
  }

  /** The account that this window shows now, however soon it may turn to another one; undefined if it shows none. */
  get shown(): SignedIn | undefined {
    return this.#known?.account;
  }

  /** Whether this window uses the local platform. */
  get usesLocal(): boolean {
    return this.#memory.get(usesLocalKey) === true;
  }

  /** Whether this window's account is a local platform, its own or the one that `npm start` runs: nothing costs there. */
  get isLocal(): boolean {
    const announced = this.#env['RUNLOOP_LOCAL_PLATFORM'];
    return this.usesLocal || (announced !== undefined && this.#known?.account?.baseUrl === announced);
  }

  /** What devboxes of this window's account cost; undefined where they cost nothing. */
  get prices(): Prices | undefined {
    return this.isLocal ? undefined : (this.#prices ??= readPrices());
  }

  /** Turns this window to the local platform, which must run, or back to the account that the settings name. */
  async useLocal(use: boolean): Promise<void> {
    await this.#memory.update(usesLocalKey, use ? true : undefined);
    await this.#lookAgain();
  }

  /** Turns this window to a named profile, or with undefined to the account of settings and environment. */
  async useProfile(name: string | undefined): Promise<void> {
    await this.profiles.choose(name);
    await this.#memory.update(usesLocalKey, undefined);
    await this.#lookAgain();
  }

  /** Removes a named profile and its key; a window that uses it goes back to the account of settings and environment. */
  async removeProfile(name: string): Promise<void> {
    const baseUrl = this.profiles.all()[name];
    if (baseUrl === undefined) return;
    if (this.profiles.active()?.name === name) await this.profiles.choose(undefined);
    if (URL.canParse(baseUrl)) await this.#keyring.delete(parseBaseUrl(baseUrl), name);
    await this.profiles.remove(name);
    await this.#lookAgain();
  }

  async #joinedLocal(): Promise<FoundAccount | undefined> {
    if (!this.usesLocal) return undefined;
    const joined = await this.#local.join();
    if (joined !== undefined) return { ...joined, source: 'local' };
    // It has ended since; the window goes back to its account.
    await this.#memory.update(usesLocalKey, undefined);
    return undefined;
  }

  async #keyed(): Promise<FoundAccount | undefined> {
    const baseUrl = this.baseUrl();
    const profile = this.profiles.active()?.name;
    // The environment's key is for the environment's own account.
    const fromEnvironment = profile === undefined ? this.#env['RUNLOOP_API_KEY']?.trim() : undefined;
    const offered = fromEnvironment === '' || this.#declined.has(baseUrl) ? undefined : fromEnvironment;
    return findKey({ keyring: this.#keyring, log: this.#log }, { baseUrl, profile }, offered);
  }

  /**
   * The account in use.
   * @throws RuntimeError `missing_api_key`
   */
  async require(): Promise<SignedIn> {
    const current = await this.current();
    if (current !== undefined) return current;
    throw new RuntimeError({ problem: extensionProblem('not_signed_in') });
  }

  /**
   * Checks a key against the API and keeps it.
   * @throws RuntimeError if the API refuses it or cannot be reached; then nothing is kept
   */
  async signIn(key: string, signal: AbortSignal): Promise<{ readonly accountName: string }> {
    const apiKey = parseApiKey(key);
    const baseUrl = this.baseUrl();
    const account = await (await openApi({ apiKey, baseUrl })).accounts.me({ signal });
    const profile = this.profiles.active()?.name;
    await this.#keyring.store(baseUrl, profile, apiKey);
    // A profile has nothing to do with the environment's key.
    if (profile === undefined) this.#declined.delete(baseUrl);
    await this.#memory.update(usesLocalKey, undefined);
    await this.#lookAgain();
    return { accountName: account.name };
  }

  /** Forgets the key of the API in use. A key in the environment is not used again in this window. */
  async signOut(): Promise<void> {
    const baseUrl = this.baseUrl();
    const profile = this.profiles.active()?.name;
    await this.#keyring.delete(baseUrl, profile);
    if (profile === undefined) this.#declined.add(baseUrl);
    await this.#lookAgain();
  }

  /** A secret is another one, or the keyring has given it after all. */
  secretCame(name: string): void {
    if (name.startsWith(keyPrefix)) this.#lookAgainSoon();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Finds out whether the account changed; until that is known, whoever asks for it waits. */
  async #lookAgain(): Promise<void> {
    this.#mayHaveChanged ||= this.#known === undefined;
    this.#current = undefined;
    try {
      await this.current();
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      // Whoever uses the account next is told.
      this.#log.failure('Looking for the account', error);
    }
  }

  #lookAgainSoon(): void {
    this.#lookAgain().catch((error: unknown) => this.#log.failure('Looking for the account', error));
  }
}

const usesLocalKey = 'runloop.usesLocalPlatform';
