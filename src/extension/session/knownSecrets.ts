import { Emitter, type Disposable } from '../../core/events';
import type { LineSecrets } from '../../core/logs/linePipeline';
import { asArray, asString } from '../../core/parse';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { StartChoices } from '../../core/start/startChoices';
import { DevboxSecrets } from '../account/devboxSecrets';
import type { Secrets } from '../account/limitedSecrets';
import type { SecretSessionKeys } from '../account/sessionKeys';
import type { Log } from '../messages/log';
import { StartedChoices } from './startedChoices';

const storedUnder = 'runloop.setValues';
/** Devboxes whose values are kept: the newest ones. */
const mostDevboxes = 100;

/**
 * What must not be shown of a devbox's output beyond what a secret's form gives away: values of variables that were set
 * when it was started, session keys, tokens of its VS Code. Values that were set are in SecretStorage, so that a later
 * window knows them too.
 */
export class KnownSecrets {
  readonly #stored: DevboxSecrets;
  readonly #sessionKeys: SecretSessionKeys;
  readonly #values = new Map<string, Set<string>>();
  readonly #added = new Emitter<{ readonly devboxId: string; readonly values: readonly string[] }>();

  constructor(storage: Secrets, sessionKeys: SecretSessionKeys) {
    this.#stored = new DevboxSecrets(storage, storedUnder, mostDevboxes);
    this.#sessionKeys = sessionKeys;
    this.startedChoices = new StartedChoices(storage);
  }

  /** What devboxes were started with, which holds such values. */
  readonly startedChoices: StartedChoices;

  /** Told of every value that becomes known. */
  readonly onDidAdd = this.#added.on;

  /** Everything that is known to be secret about a devbox. */
  async of(devboxId: string): Promise<readonly string[]> {
    const [sessionKey, stored] = await Promise.all([this.#sessionKeys.get(devboxId), this.#stored.all()]);
    return [
      ...(sessionKey === undefined ? [] : [sessionKey]),
      ...texts(stored[devboxId]),
      ...(this.#values.get(devboxId) ?? []),
    ];
  }

  /** Everything that was set in any devbox, also of other accounts. */
  async all(): Promise<readonly string[]> {
    const kept = Object.values(await this.#stored.all()).flatMap(texts);
    return [...new Set([...kept, ...[...this.#values.values()].flatMap((values) => [...values])])];
  }

  /** What a program in a devbox may print of what we gave to it or use for it. */
  async inOutputOf(api: RunloopApi, devbox: Devbox): Promise<readonly string[]> {
    const known = [devbox.tunnel?.authToken, ...(await this.of(devbox.id)), api.authorization.replace(/^Bearer /, '')];
    return known.filter((value) => value !== undefined);
  }

  /** The same for whoever shows that output, with what becomes known meanwhile. */
  forLines(api: RunloopApi, devbox: Devbox): LineSecrets {
    return {
      known: () => this.inOutputOf(api, devbox),
      onDidAdd: (listener) => this.onDidAddOf(devbox.id, listener),
    };
  }

  /** Tells of every value that becomes known about one devbox. */
  onDidAddOf(devboxId: string, listener: (values: readonly string[]) => void): Disposable {
    return this.onDidAdd((added) => {
      if (added.devboxId === devboxId) listener(added.values);
    });
  }

  /** Knows values from now on, in this window. */
  add(devboxId: string, values: readonly string[]): void {
    const known = this.#values.get(devboxId) ?? new Set<string>();
    this.#values.set(devboxId, known);
    const fresh = values.filter((value) => value !== '' && !known.has(value));
    for (const value of fresh) known.add(value);
    if (fresh.length > 0) this.#added.fire({ devboxId, values: fresh });
  }

  /**
   * Knows values from now on, in later windows too.
   *
   * @throws what SecretStorage throws; this window knows them all the same
   */
  async keep(devboxId: string, values: readonly string[]): Promise<void> {
    this.add(devboxId, values);
    if (values.length === 0) return;
    await this.#stored.keep(devboxId, (known) => [...new Set([...texts(known), ...values])]);
  }
}

function texts(stored: unknown): readonly string[] {
  return asArray(stored).flatMap((value) => asString(value) ?? []);
}

/**
 * Keeps the values of the variables that a devbox is started with out of everything that is shown of it, and all that was
 * chosen for another one like it.
 */
export function rememberSetValues(
  { knownSecrets, log }: { readonly knownSecrets: KnownSecrets; readonly log: Log },
  devboxId: string,
  choices: StartChoices | undefined,
): void {
  const values = Object.values(choices?.environment ?? {});
  knownSecrets.keep(devboxId, values).catch((error: unknown) => log.failure('Storing which values are secret', error));
  if (choices === undefined) return;
  knownSecrets.startedChoices
    .keep(devboxId, choices)
    .catch((error: unknown) => log.failure('Storing what a devbox was started with', error));
}
