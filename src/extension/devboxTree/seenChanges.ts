import type { Disposable } from '../../core/events';
import type { SignedIn } from '../account/account';
import type { DevboxRefresh } from '../devboxes/devboxRefresh';
import type { DevboxStore } from '../devboxes/devboxStore';
import { KnownEnds } from '../devboxes/knownEnds';
import { TransitionFollower } from '../devboxes/transitionFollower';
import type { Log } from '../messages/log';
import { EvictionWatch } from './evictionWatch';

/** What changes, and what ends at a known time: told at once to somebody who looks, and for what this window has set in motion. */
export class SeenChanges implements Disposable {
  readonly #list: DevboxRefresh<SignedIn>;
  readonly #follower: TransitionFollower;
  readonly #ends: KnownEnds;
  readonly evictions: EvictionWatch;

  constructor(list: DevboxRefresh<SignedIn>, { store, log }: { readonly store: DevboxStore; readonly log: Log }) {
    this.#list = list;
    this.evictions = new EvictionWatch(store, (error) => log.failure('Watching for evictions', error));
    this.#follower = new TransitionFollower(store, (error) => log.failure('Following a devbox', error));
    this.#ends = new KnownEnds({
      store,
      account: () => list.account,
      isSeen: () => list.isSeen,
      readList: () => list.now(),
      onError: (error) => log.failure('Looking at devboxes whose lifetime is over', error),
    });
  }

  /** Follows a devbox that this window has set in motion, seen or not. */
  follow(devboxId: string): void {
    const { account } = this.#list;
    if (account !== undefined) this.#follower.follow(account.api, devboxId);
  }

  /** The list, or who sees it, has changed. */
  plan(): void {
    const { account } = this.#list;
    if (!this.#list.isSeen) this.#follower.stopSeen();
    else if (account !== undefined && this.#list.pauseSeconds === 0) this.#follower.followSeen(account.api);
    this.#ends.plan();
    this.evictions.plan(this.#list.isSeen && this.#list.pauseSeconds === 0 ? account : undefined);
  }

  /** The account has changed. */
  stop(): void {
    this.#follower.stopAll();
    this.evictions.stop();
  }

  dispose(): void {
    this.#follower.dispose();
    this.#ends.dispose();
    this.evictions.dispose();
  }
}
