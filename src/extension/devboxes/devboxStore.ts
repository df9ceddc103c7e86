import { isDeepStrictEqual } from 'node:util';
import { Emitter, type Disposable } from '../../core/events';
import type { RuntimeError } from '../../core/errors';
import { hasEnded, isActive, isChanging, type Devbox } from '../../core/platform/devbox';

/** How long an ended devbox stays in the list, in milliseconds. */
const endedStaysMs = 24 * 3_600_000;

/** What one change was about. Empty sets: only `loaded` or `failure` changed. */
export interface StoreChange {
  /** Devboxes that are new, gone or different. */
  readonly ids: ReadonlySet<string>;
  /** True where the server brought it, and nobody here asked for it just now. */
  readonly isUnasked?: boolean;
}

/** When a devbox ended, in Unix milliseconds; undefined while it has not, or if nothing tells. */
export function endTime(devbox: Devbox): number | undefined {
  if (!hasEnded(devbox.status)) return undefined;
  return devbox.endTimeMs ?? devbox.transitions.at(-1)?.timeMs ?? devbox.createTimeMs;
}

/** True for a devbox whose CPU and memory are paid for now. */
export function costsNow(devbox: Devbox): boolean {
  return isActive(devbox.status) || devbox.status === 'suspending';
}

/**
 * The account's devboxes as last known, and why the last read failed if it did. The maps it hands out never change;
 * each change makes a new one and tells which devboxes it was about. The last good list stays on a failure.
 */
export class DevboxStore implements Disposable {
  readonly #changed = new Emitter<StoreChange>();
  readonly onDidChange = this.#changed.on;
  #all: ReadonlyMap<string, Devbox> = new Map();
  #sorted: readonly Devbox[] | undefined;
  #failure: RuntimeError | undefined;
  #loaded = false;
  #malformed = 0;
  #isEndless = false;
  /** Counts what was learnt by other ways than a list, so that an answer that was on its way does not undo it. */
  #serial = 0;
  readonly #learnt = new Map<string, number>();
  /** Devboxes whose changes are told without the list, and by how many. */
  readonly #followed = new Map<string, number>();

  /** All devboxes that are listed, by id. */
  get snapshot(): ReadonlyMap<string, Devbox> {
    return this.#all;
  }

  /** All devboxes that are listed, newest first; those that ended within the last day included. */
  get devboxes(): readonly Devbox[] {
    this.#sorted ??= [...this.#all.values()].sort((a, b) => (b.createTimeMs ?? 0) - (a.createTimeMs ?? 0));
    return this.#sorted;
  }

  /** Those that have not ended, newest first. */
  get living(): readonly Devbox[] {
    return this.devboxes.filter(({ status }) => !hasEnded(status));
  }

  /** Entries of the lists that were no devboxes, and are left out. */
  get malformed(): number {
    return this.#malformed;
  }

  get failure(): RuntimeError | undefined {
    return this.#failure;
  }

  /** False until the first list came or failed. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Resolves with the next change after which the first list has come or failed. */
  whenLoaded(): Promise<void> {
    return new Promise((resolve) => {
      const subscription = this.#changed.on(() => {
        if (!this.#loaded) return;
        subscription.dispose();
        resolve();
      });
    });
  }

  /** True while a devbox is on its way that nobody follows: worth looking more often. */
  get inTransition(): boolean {
    for (const { id, status } of this.#all.values()) if (isChanging(status) && !this.#followed.has(id)) return true;
    return false;
  }

  get(devboxId: string): Devbox | undefined {
    return this.#all.get(devboxId);
  }

  /**
   * Tells that every change of this devbox is told through {@link update}, by a long poll for example, so that the
   * list need not be read often because of it.
   */
  follow(devboxId: string): Disposable {
    this.#followed.set(devboxId, (this.#followed.get(devboxId) ?? 0) + 1);
    let following = true;
    return {
      dispose: () => {
        if (!following) return;
        following = false;
        const left = (this.#followed.get(devboxId) ?? 1) - 1;
        if (left > 0) this.#followed.set(devboxId, left);
        else this.#followed.delete(devboxId);
        this.#changed.fire({ ids: new Set() });
      },
    };
  }

  /** Marks the time of a question; its answer goes to {@link apply} with the mark. */
  mark(): number {
    return this.#serial;
  }

  /**
   * Takes in what a list said.
   *
   * @param listed devboxes as the list has them
   * @param gone ids that the list would have had if they were still there
   * @param asked mark from before the question: what was learnt since is newer than the answer
   * @param nowMs the server's time, for leaving out what ended long ago
   */
  apply(listed: readonly Devbox[], gone: Iterable<string>, asked: number, nowMs: number): void {
    const ids = new Set<string>();
    const next = new Map(this.#all);
    const isNewer = (id: string): boolean => (this.#learnt.get(id) ?? -1) > asked;
    for (const devbox of listed) {
      if (isNewer(devbox.id)) continue;
      const known = next.get(devbox.id);
      if (isOld(devbox, nowMs)) {
        if (next.delete(devbox.id)) ids.add(devbox.id);
      } else if (known === undefined || !isDeepStrictEqual(known, devbox)) {
        next.set(devbox.id, devbox);
        ids.add(devbox.id);
      }
    }
    for (const id of gone) if (!isNewer(id) && next.delete(id)) ids.add(id);
    for (const devbox of next.values()) {
      if (isOld(devbox, nowMs) && next.delete(devbox.id)) ids.add(devbox.id);
    }
    const isChange = ids.size > 0 || !this.#loaded || this.#failure !== undefined;
    this.#failure = undefined;
    this.#loaded = true;
    if (ids.size > 0) this.#take(next);
    if (isChange) this.#changed.fire({ ids, isUnasked: true });
  }

  /** True once a list led in a circle: there may be devboxes that it never gave. */
  get isEndless(): boolean {
    return this.#isEndless;
  }

  /** Tells that a list says that there is more, and does not give it. */
  noteEndless(): void {
    if (this.#isEndless) return;
    this.#isEndless = true;
    this.#changed.fire({ ids: new Set() });
  }

  /** Tells how many entries of the lists could not be read, this time round. */
  noteMalformed(count: number): void {
    if (this.#malformed === count) return;
    this.#malformed = count;
    this.#changed.fire({ ids: new Set() });
  }

  /** Tells that the list could not be read; the last good one stays. */
  fail(error: RuntimeError): void {
    this.#failure = error;
    this.#loaded = true;
    this.#changed.fire({ ids: new Set(), isUnasked: true });
  }

  /** Tells that there is nobody whose devboxes could be read. */
  signedOut(): void {
    if (this.#loaded && this.#all.size === 0 && this.#failure === undefined) return;
    this.#reset(true);
  }

  /**
   * Takes in what is known of one devbox from elsewhere, for example from a start.
   *
   * @param isUnasked the server brought it, and nobody here asked for it just now
   */
  update(devbox: Devbox, isUnasked = false): void {
    this.#learn(devbox.id);
    if (isDeepStrictEqual(this.#all.get(devbox.id), devbox)) return;
    this.#take(new Map(this.#all).set(devbox.id, devbox));
    this.#changed.fire({ ids: new Set([devbox.id]), isUnasked });
  }

  remove(devboxId: string): void {
    this.#learn(devboxId);
    const next = new Map(this.#all);
    if (!next.delete(devboxId)) return;
    this.#take(next);
    this.#changed.fire({ ids: new Set([devboxId]) });
  }

  /** Forgets everything, for example after signing out. */
  clear(): void {
    this.#reset(false);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #reset(loaded: boolean): void {
    const ids = new Set(this.#all.keys());
    this.#serial += 1;
    this.#learnt.clear();
    this.#failure = undefined;
    this.#malformed = 0;
    this.#isEndless = false;
    this.#loaded = loaded;
    this.#take(new Map());
    this.#changed.fire({ ids });
  }

  #learn(devboxId: string): void {
    this.#serial += 1;
    this.#learnt.set(devboxId, this.#serial);
  }

  #take(next: ReadonlyMap<string, Devbox>): void {
    this.#all = next;
    this.#sorted = undefined;
  }
}

function isOld(devbox: Devbox, nowMs: number): boolean {
  return hasEnded(devbox.status) && nowMs - (endTime(devbox) ?? nowMs) > endedStaysMs;
}
