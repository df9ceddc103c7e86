import type { Prices } from '../../../core/cost/prices';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { arrange, groupPageSize, redrawFor, type Arrangement, type Redraw } from './arrangement';
import { isSameAttention, needingAttention, type Attention } from './attention';
import { WordSearch } from './filterWords';
import type { ViewChoices } from './viewChoices';

/** What the order of the rows is made from. */
export interface ArrangedSource {
  readonly store: DevboxStore;
  readonly choices: ViewChoices;
  readonly attachedIds: () => Iterable<string>;
  readonly startedHere: { all(): ReadonlyMap<string, unknown> };
  readonly brokenStarts: { readonly devboxIds: ReadonlySet<string> };
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

  constructor(source: ArrangedSource) {
    this.#source = source;
    this.#now = this.#arrange(new Map());
  }

  get now(): Arrangement {
    return this.#now;
  }

  /** Shows one more page of a group. */
  showMore(group: string, shown: number): void {
    this.#limits.set(group, shown + groupPageSize);
  }

  /** Forgets how much of each group was shown, for another account. */
  reset(): void {
    this.#limits = new Map();
  }

  /** Arranges anew. @param ids devboxes that changed @returns what has to be drawn again */
  again(ids: ReadonlySet<string>): Redraw {
    const before = this.#now;
    const attention = this.#attention();
    this.#now = this.#arrange(attention);
    const changed = isSameAttention(before.attention, attention)
      ? ids
      : new Set([...ids, ...before.attention.keys(), ...attention.keys()]);
    return redrawFor(before, this.#now, changed);
  }

  /** True if time has brought something that needs attention. */
  get isStale(): boolean {
    return !isSameAttention(this.#now.attention, this.#attention());
  }

  #attention(): ReadonlyMap<string, Attention> {
    const { store, choices, brokenStarts, nowMs } = this.#source;
    return needingAttention(store.devboxes, {
      nowMs: nowMs(),
      isDismissed: (id, reason) => choices.isDismissed(id, reason),
      unknownStarts: brokenStarts.devboxIds,
    });
  }

  #arrange(attention: ReadonlyMap<string, Attention>): Arrangement {
    const { store, choices, attachedIds, startedHere, prices } = this.#source;
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
      isStartedHere: (id) => here.has(id),
      prices: prices(),
    });
  }
}
