import { EventEmitter, type Event } from 'vscode';
import { DevboxActivity } from '../../core/activity/devboxActivity';
import type { Disposable } from '../../core/events';
import type { Devbox } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import { readSettings } from '../account/settings';
import type { Log } from '../messages/log';

interface DevboxUseServices {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: { get(devboxId: string): Devbox | undefined };
  readonly log: Log;
}

/** A devbox that the list does not know, and whose it is. */
interface Unlisted {
  readonly account: SignedIn;
  readonly devbox: Devbox;
}

/** Tells Runloop of what a person does in the devboxes of this window, unless the settings say that it should not. */
export class DevboxUse implements Disposable {
  /** Shared by the runtimes of this window. */
  readonly activity: DevboxActivity;
  readonly #services: DevboxUseServices;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  /** Unix milliseconds. */
  readonly #toldAt = new Map<string, number>();
  /** Devboxes that were used while the list did not know them. */
  readonly #unlisted = new Map<string, Promise<Unlisted | undefined>>();

  constructor(services: DevboxUseServices) {
    this.#services = services;
    const { log } = services;
    this.activity = new DevboxActivity({
      isOn: () => readSettings().keepAliveWhileUsed,
      onTold: (devboxId) => {
        log.info(`Told Runloop that ${devboxId} is in use.`);
        this.#toldAt.set(devboxId, Date.now());
        this.#changed.fire();
      },
      onFailure: (devboxId, error) => log.failure(`Telling Runloop that ${devboxId} is in use`, error),
    });
  }

  /** When Runloop was last told that a devbox is in use, in Unix milliseconds; undefined if this window has not told it. */
  toldAt(devboxId: string): number | undefined {
    return this.#toldAt.get(devboxId);
  }

  /** A person has done something in a devbox: with a command of ours, or in a page of it. */
  used(devboxId: string): void {
    const listed = this.#services.store.get(devboxId);
    if (listed !== undefined) {
      this.#used(listed, async () => {
        const account = await this.#services.account.current();
        // The list goes with its account: what it does not have any more is not this one's.
        return this.#services.store.get(devboxId) === undefined ? undefined : account;
      });
      return;
    }
    const unlisted = this.#unlisted.get(devboxId) ?? this.#read(devboxId);
    this.#unlisted.set(devboxId, unlisted);
    unlisted.then(
      (read) => {
        if (read !== undefined) this.#used(read.devbox, () => Promise.resolve(read.account));
      },
      (error: unknown) => {
        this.#unlisted.delete(devboxId);
        this.#services.log.failure(`Reading the idle rule of ${devboxId}`, error);
      },
    );
  }

  /** The account has changed: nothing is known of its devboxes. */
  forget(): void {
    this.#unlisted.clear();
    this.#toldAt.clear();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** @param accountOf the account that the devbox belongs to, asked for when Runloop is to be told */
  #used({ id, status, idleRule }: Devbox, accountOf: () => Promise<SignedIn | undefined>): void {
    if (status !== 'running') return;
    const tell = async (signal: AbortSignal): Promise<void> => {
      const account = await accountOf();
      if (account === undefined || account.ended.aborted) return;
      await account.api.devboxes.keepAlive(id, { signal });
    };
    this.activity.used({ id, idleRule, tell });
  }

  async #read(devboxId: string): Promise<Unlisted | undefined> {
    const account = await this.#services.account.current();
    if (account === undefined) return undefined;
    return { account, devbox: await account.api.devboxes.retrieve(devboxId, { signal: account.ended }) };
  }
}
