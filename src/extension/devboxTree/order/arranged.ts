import type { Prices } from '../../../core/cost/prices';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { arrange, groupPageSize, redrawFor, type Arrangement, type Redraw } from './arrangement';
import { isSameAttention, needingAttention, type Attention } from './attention';
import { WordSearch } from './filterWords';
import type { Announced, LostStart } from './news';
import type { ViewChoices } from './viewChoices';

/** What the order of the rows is made from. */
export interface ArrangedSource {
  readonly store: DevboxStore;
  readonly choices: ViewChoices;
  readonly attachedIds: () => Iterable<string>;
  readonly startedHere: { all(): ReadonlyMap<string, unknown> };
  readonly brokenStarts: { readonly devboxIds: ReadonlySet<string>; readonly lost: readonly LostStart[] };
  readonly evictionOf: (devboxId: string, nowMs: number) => Announced | undefined;
  readonly prices: () => Prices | undefined;
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: () => number;
}

/** The rows' order as it is drawn. It is made anew only when something real has changed, so that nothing jumps. */
export class Arranged {
  readonly #source: ArrangedSource;
  readonly #search = new WordSearch();
  #limits = new Map<string, number>();
  #now: Arrangement;
  #waits = false;

  constructor(source: ArrangedSource) {
    this.#source = source;
    this.#now = this.#arrange(new Map());
  }

  get now(): Arrangement {
    return this.#now;
  }

  /** Shows one more page of a group. */
  showMore(group: string, shown: number): void {
    // In whole pages: fewer may be shown so far than are there by now.
    this.#limits.set(group, (Math.ceil(shown / groupPageSize) + 1) * groupPageSize);
  }

  /** Forgets how much of each group was shown, for another account. */
  reset(): void {
    this.#limits = new Map();
  }

  /**
   * Arranges anew.
   *
   * @param ids devboxes that changed
   * @param isResting rows stay where they are, if they can: a later call moves them
   * @returns what has to be drawn again
   */
  again(ids: ReadonlySet<string>, isResting = false): Redraw {
    const before = this.#now;
    const attention = this.#attention();
    const next = this.#arrange(attention);
    const changed = isSameAttention(before.attention, attention)
      ? ids
      : new Set([...ids, ...before.attention.keys(), ...attention.keys()]);
    const redraw = redrawFor(before, next, changed);
    this.#waits = isResting && movesRows(redraw) && this.#canStay(before);
    this.#now = this.#waits ? { ...before, attention } : next;
    return this.#waits ? redrawFor(before, this.#now, changed) : redraw;
  }

  /** True while rows stand where they stood, and not where they belong. */
  get waits(): boolean {
    return this.#waits;
  }

  /** True if time has brought something that needs attention. */
  get isStale(): boolean {
    return !isSameAttention(this.#now.attention, this.#attention());
  }

  /** Whether there is something to stay, and all of it still exists. */
  #canStay({ groups }: Arrangement): boolean {
    const { store } = this.#source;
    return groups.length > 0 && groups.every(({ shown }) => shown.every((id) => store.get(id) !== undefined));
  }

  #attention(): ReadonlyMap<string, Attention> {
    const { store, choices, brokenStarts, evictionOf, nowMs } = this.#source;
    return needingAttention(store.devboxes, {
      nowMs: nowMs(),
      isDismissed: (id, mark) => choices.isDismissed(id, mark),
      evictionOf,
      unknownStarts: brokenStarts.devboxIds,
    });
  }

  #arrange(attention: ReadonlyMap<string, Attention>): Arrangement {
    const { store, choices, attachedIds, startedHere, brokenStarts, prices } = this.#source;
    const { grouping, filter, sorting, pinned } = choices;
    const here = startedHere.all();
    return arrange(store.devboxes, {
      grouping,
      filter,
      limits: this.#limits,
      search: this.#search,
      sorting,
      first: new Set([...attachedIds(), ...pinned]),
      attention,
      lost: brokenStarts.lost,
      isStartedHere: (id) => here.has(id),
      prices: prices(),
    });
  }
}

function movesRows(redraw: Redraw): boolean {
  return redraw === 'everything' || redraw.groups.length > 0;
}
