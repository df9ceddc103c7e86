import { RuntimeError } from '../../core/errors';
import { hasEnded, isChanging, type Devbox, type DevboxPage } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { onceRule } from '../../core/http/retryRules';
import type { DevboxStore } from './devboxStore';

/** Devboxes of the first question: enough for a screen, quick to answer. */
const firstPageSize = 100;
/** Devboxes of each further page. */
const pageSize = 200;
/** Devboxes that went missing or are changing and are looked up one by one, at the most, in one round. */
const lookUpsPerRound = 4;

/** The lists that "Load more" continues. The API filters by one status only, and mixes in everything that ended. */
export type Stream = 'all' | 'running' | 'suspended';

interface Depth {
  /** Pages that were asked for. */
  pages: number;
  /** False once a page said that it is the last one; undefined before the first page. */
  hasMore: boolean | undefined;
  /** Where the next page starts. */
  after: string | undefined;
  /** Where its pages began, so that a circle is noticed. */
  readonly begun: Set<string>;
}

/**
 * Reads the account's devboxes into the store, some requests at a time. One page of the newest tells all there is in
 * most accounts. In larger ones the rest is visited in rounds: running and suspended devboxes however old, as they cost
 * money, and what was seen changing. A refresh makes as many requests as it may and the next one goes on from there.
 */
export class DevboxReader {
  readonly #store: DevboxStore;
  #depths = freshDepths();
  /** Ids of the newest page, last time. */
  #newest: ReadonlySet<string> = new Set();
  #round: AsyncGenerator<void, void, void> | undefined;
  #newestFirst = true;
  /** Entries that could not be read, last time. */
  readonly #unread = { newest: 0, rest: 0 };

  constructor(store: DevboxStore) {
    this.#store = store;
  }

  /** True if the server has more of this list than was loaded. */
  hasMore(stream: Stream): boolean {
    const known = this.#depths[stream].hasMore;
    // Not asked yet: there may be some unless one page told everything.
    return known ?? this.#depths.all.hasMore === true;
  }

  /** True if the server said that it has more of this list than was loaded. */
  knowsOfMore(stream: Stream): boolean {
    return this.#depths[stream].hasMore === true;
  }

  /** Forgets how far it read, for another account. */
  reset(): void {
    this.#depths = freshDepths();
    this.#newest = new Set();
    this.#round = undefined;
    this.#newestFirst = true;
    Object.assign(this.#unread, { newest: 0, rest: 0 });
  }

  /**
   * Reads the newest page and, in accounts larger than that, some more.
   *
   * @param calls requests at the most; with one, the newest page and the others take turns
   * @throws RuntimeError at the first request that fails; it is not repeated
   */
  async read(api: RunloopApi, calls: number, signal: AbortSignal): Promise<void> {
    const partial = this.#depths.all.hasMore === true;
    if (calls > 1 || !partial || this.#newestFirst) await this.readNewest(api, signal);
    else if (!(await this.#continueRound(api, signal))) await this.readNewest(api, signal);
    this.#newestFirst = !this.#newestFirst;
    for (let call = 1; call < calls && this.#depths.all.hasMore === true; call += 1) {
      if (!(await this.#continueRound(api, signal))) return;
    }
  }

  /** Loads one more page of a list. */
  async more(api: RunloopApi, stream: Stream, signal: AbortSignal): Promise<void> {
    if (!this.hasMore(stream)) return;
    await this.#page(api, stream, this.#depths[stream].after, signal, true);
    this.#depths[stream].pages += 1;
  }

  /** Reads the page of the newest devboxes, with one request. */
  async readNewest(api: RunloopApi, signal: AbortSignal): Promise<void> {
    const asked = this.#store.mark();
    const page = await api.devboxes.listPage({ limit: firstPageSize }, { signal, rule: onceRule });
    if (signal.aborted) return;
    const ids = new Set(page.devboxes.map(({ id }) => id));
    this.#newest = ids;
    const { all } = this.#depths;
    // Later pages stay where "Load more" has taken them.
    if (all.pages <= 1 || !page.hasMore) {
      this.#depths.all = { pages: 1, hasMore: page.hasMore, after: page.lastId, begun: new Set() };
    }
    if (!page.hasMore) {
      // This page is all there is: an account that was larger before has no more of any list.
      for (const stream of ['running', 'suspended'] as const) this.#depths[stream].hasMore = false;
      this.#round = undefined;
      this.#unread.rest = 0;
    }
    this.#noteUnread('newest', page.malformed);
    // What could not be read may be any devbox, and what does not say that it is the last page may not be: none is gone.
    const since = !page.isWhole
      ? Number.POSITIVE_INFINITY
      : page.hasMore
        ? oldestOf(page.devboxes)
        : Number.NEGATIVE_INFINITY;
    const gone = [...this.#store.snapshot.values()]
      .filter((devbox) => !ids.has(devbox.id) && (devbox.createTimeMs ?? 0) > since)
      .map(({ id }) => id);
    this.#store.apply(page.devboxes, gone, asked, api.clock.now());
  }

  /** @returns false when a round has ended */
  async #continueRound(api: RunloopApi, signal: AbortSignal): Promise<boolean> {
    this.#round ??= this.#visitRest(api, signal);
    try {
      const { done } = await this.#round.next();
      if (done !== true) return true;
      this.#round = undefined;
      return false;
    } catch (error) {
      this.#round = undefined;
      throw error;
    }
  }

  /** One round; each step is one request. */
  async *#visitRest(api: RunloopApi, signal: AbortSignal): AsyncGenerator<void, void, void> {
    const missing: string[] = [];
    let unread = 0;
    for (const stream of ['running', 'suspended'] as const) {
      const seen = new Set<string>();
      const before = [...this.#store.snapshot.values()].filter(({ status }) => status === stream).map(({ id }) => id);
      const depth = this.#depths[stream];
      let after: string | undefined;
      let more = true;
      let isWhole = true;
      for (let page = 0; page < Math.max(1, depth.pages) && more; page += 1) {
        const answer = await this.#page(api, stream, after, signal, page + 1 >= depth.pages);
        for (const { id } of answer.devboxes) seen.add(id);
        after = answer.lastId;
        more = answer.hasMore;
        unread += answer.malformed;
        isWhole &&= answer.isWhole;
        yield;
      }
      depth.pages = Math.max(1, depth.pages);
      // Only a list that was read to its end tells what is not in it.
      if (!more && isWhole) missing.push(...before.filter((id) => !seen.has(id) && !this.#newest.has(id)));
    }
    this.#noteUnread('rest', unread);
    const changing = [...this.#store.snapshot.values()]
      .filter(({ id, status }) => isChanging(status) && !this.#newest.has(id))
      .map(({ id }) => id);
    for (const id of [...new Set([...missing, ...changing])].slice(0, lookUpsPerRound)) {
      await this.#lookUp(api, id, signal);
      yield;
    }
  }

  /** Lists have devboxes in common: what one of them could not read, another one may have counted. */
  #noteUnread(where: 'newest' | 'rest', count: number): void {
    this.#unread[where] = count;
    this.#store.noteMalformed(Math.max(this.#unread.newest, this.#unread.rest));
  }

  /** @param isDeepest true for the page that "Load more" goes on from */
  async #page(
    api: RunloopApi,
    stream: Stream,
    after: string | undefined,
    signal: AbortSignal,
    isDeepest: boolean,
  ): Promise<DevboxPage> {
    const asked = this.#store.mark();
    const status = stream === 'all' ? undefined : stream;
    const page = await api.devboxes.listPage({ status, after, limit: pageSize }, { signal, rule: onceRule });
    if (signal.aborted) return page;
    const last = page.lastId;
    if (isDeepest) {
      const depth = this.#depths[stream];
      if (after !== undefined) depth.begun.add(after);
      const isCircle = last === undefined || depth.begun.has(last);
      depth.hasMore = page.hasMore && !isCircle;
      if (page.hasMore && isCircle) this.#store.noteEndless();
      depth.after = last ?? after;
    }
    this.#store.apply(page.devboxes, [], asked, api.clock.now());
    return page;
  }

  async #lookUp(api: RunloopApi, devboxId: string, signal: AbortSignal): Promise<void> {
    const asked = this.#store.mark();
    try {
      const devbox = await api.devboxes.retrieve(devboxId, { signal, rule: onceRule });
      if (!signal.aborted) this.#store.apply([devbox], [], asked, api.clock.now());
    } catch (error) {
      if (!RuntimeError.is(error, 'not_found')) throw error;
      this.#store.apply([], [devboxId], asked, api.clock.now());
    }
  }
}

function freshDepths(): Record<Stream, Depth> {
  const fresh = (): Depth => ({ pages: 0, hasMore: undefined, after: undefined, begun: new Set() });
  return { all: fresh(), running: fresh(), suspended: fresh() };
}

/**
 * Creation time down to which a page is complete, in Unix milliseconds: what is newer and not on it is gone. Infinity
 * if the page is not in order, as the API does not promise one; then nothing follows from an absence.
 */
function oldestOf(devboxes: readonly Devbox[]): number {
  const times = devboxes.map(({ createTimeMs }) => createTimeMs ?? Number.NaN);
  const inOrder = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? Number.NaN));
  return inOrder && times.length > 0 ? (times.at(-1) ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

/** The list that holds devboxes of this status. */
export function streamOf(status: string): Stream {
  return hasEnded(status) ? 'all' : status === 'suspended' ? 'suspended' : 'running';
}
