import { isAborted } from '../../core/errors';
import { Emitter, type Disposable } from '../../core/events';
import type { Account, SignedIn } from '../account/account';
import type { Sessions } from '../session/sessions';
import type { DevboxRefresh } from '../devboxes/devboxRefresh';
import type { DevboxStore } from '../devboxes/devboxStore';
import { KnownEnds } from '../devboxes/knownEnds';
import { TransitionFollower } from '../devboxes/transitionFollower';
import type { Log } from '../messages/log';
import { onFirstUse } from '../onFirstUse';
import type { EvictionWatch } from './evictionWatch';
import type { Announced, Eviction } from './order/news';

interface SeenChangesServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly sessions: Pick<Sessions, 'all'>;
  readonly log: Log;
}

/**
 * What changes, and what ends at a known time: told at once to somebody who looks, and for what this window has set in motion.
 * Of evictions hears who is attached to something as well, wherever they look.
 */
export class SeenChanges implements Disposable {
  readonly #list: DevboxRefresh<SignedIn>;
  readonly #follower: TransitionFollower;
  readonly #ends: KnownEnds;
  readonly #store: DevboxStore;
  readonly #log: Log;
  readonly #owned: Disposable[] = [];
  readonly #evicted = new Emitter<Eviction>();
  readonly onDidAnnounceEviction = this.#evicted.on;
  readonly #watch: () => Promise<EvictionWatch>;
  readonly #services: SeenChangesServices;
  #evictions: EvictionWatch | undefined;
  #isDisposed = false;

  constructor(list: DevboxRefresh<SignedIn>, services: SeenChangesServices) {
    const { store, log } = services;
    this.#services = services;
    this.#list = list;
    this.#store = store;
    this.#log = log;
    this.#watch = onFirstUse(async () => {
      const { EvictionWatch: Watch } = await import('./evictionWatch');
      const watch = new Watch(store, (error) => log.failure('Watching for evictions', error));
      watch.onDidAnnounce((eviction) => this.#evicted.fire(eviction));
      return (this.#evictions = watch);
    }, this.#owned);
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
    this.#planWatch().catch((error: unknown) => this.#log.failure('Watching for evictions', error));
  }

  /** What Runloop has announced to do to a devbox. @param nowMs by the server's clock */
  evictionOf(devboxId: string, nowMs: number): Announced | undefined {
    return this.#evictions?.of(devboxId, nowMs);
  }

  /** The account has changed. */
  stop(): void {
    this.#follower.stopAll();
    this.#evictions?.stop();
  }

  dispose(): void {
    this.#follower.dispose();
    this.#ends.dispose();
    this.#isDisposed = true;
    this.#evicted.dispose();
    for (const one of this.#owned) one.dispose();
  }

  async #planWatch(): Promise<void> {
    const isAttached = this.#services.sessions.all().some(([id]) => this.#store.get(id)?.status === 'running');
    const isWanted =
      isAttached || (this.#list.isSeen && this.#store.devboxes.some(({ status }) => status === 'running'));
    if (this.#evictions === undefined && !isWanted) return;
    // The list may not have been read at all by somebody who is attached.
    const account = this.#list.account ?? (isAttached ? await this.#services.account.current() : undefined);
    const watch = await this.#watch();
    if (this.#isDisposed || (account !== undefined && isAborted(account.ended))) return;
    watch.plan(isWanted && this.#list.pauseSeconds === 0 ? account : undefined);
  }
}
