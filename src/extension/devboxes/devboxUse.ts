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
  readonly #unlisted = new Map<string, Promise<Devbox | undefined>>();

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
      this.#used(listed);
      return;
    }
    const unlisted = this.#unlisted.get(devboxId) ?? this.#read(devboxId);
    this.#unlisted.set(devboxId, unlisted);
    unlisted.then(
      (devbox) => {
        if (devbox !== undefined) this.#used(devbox);
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

  #used({ id, status, idleRule }: Devbox): void {
    if (status !== 'running') return;
    const tell = async (signal: AbortSignal): Promise<void> => {
      const account = await this.#services.account.current();
      if (account === undefined) return;
      const { keepDevboxAlive } = await import('../../core/platform/lifeCycle');
      await keepDevboxAlive(account.api, id, { signal });
    };
    this.activity.used({ id, idleRule, tell });
  }

  async #read(devboxId: string): Promise<Devbox | undefined> {
    const account = await this.#services.account.current();
    return account?.api.retrieve(devboxId, { signal: account.ended });
  }
}
