import { EventEmitter, type Disposable, type Memento } from 'vscode';
import { asArray, asObject, asString } from '../../../core/parse';
import { contextKeys } from '../../commandIds';
import { setContext } from '../../setContext';
import { usualGrouping, type Grouping } from './arrangement';
import { sortings, type Sorting } from './sorting';

const groupingKey = 'runloop.tree.grouping';
const filterKey = 'runloop.tree.filter';
const sortingKey = 'runloop.tree.sorting';
const pinnedKey = 'runloop.tree.pinned';
const dismissedKey = 'runloop.tree.dismissed';
/** Entries of each list that are kept at the most; the oldest go first. */
const mostKept = 1_000;

interface ChoiceChange {
  /** True where it follows from something else that somebody did: no row moves from under a pointer. */
  readonly isUnasked?: boolean;
}

/**
 * How the user wants the view: grouping (everywhere), order, filter, pins and what was dismissed (in this window); all of it
 * outlives the window.
 */
export class ViewChoices implements Disposable {
  readonly #global: Memento;
  readonly #workspace: Memento;
  readonly #changed = new EventEmitter<ChoiceChange>();
  readonly onDidChange = this.#changed.event;
  #grouping: Grouping;
  #filter: string;
  #sorting: Sorting;
  #pinned: ReadonlySet<string>;
  #dismissed: ReadonlySet<string>;

  constructor(global: Memento, workspace: Memento) {
    this.#global = global;
    this.#workspace = workspace;
    this.#grouping = parseGrouping(global.get<unknown>(groupingKey));
    this.#filter = asString(workspace.get<unknown>(filterKey)) ?? '';
    const sorting = workspace.get<unknown>(sortingKey);
    this.#sorting = sortings.find((one) => one === sorting) ?? 'newest';
    this.#pinned = parseIds(workspace.get<unknown>(pinnedKey));
    this.#dismissed = parseIds(workspace.get<unknown>(dismissedKey));
    this.#tell();
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  get filter(): string {
    return this.#filter;
  }

  get sorting(): Sorting {
    return this.#sorting;
  }

  /** Ids of the devboxes that stay above the others. */
  get pinned(): ReadonlySet<string> {
    return this.#pinned;
  }

  /** Whether somebody has seen why a devbox needs attention. */
  isDismissed(devboxId: string, mark: string): boolean {
    return this.#dismissed.has(`${devboxId} ${mark}`);
  }

  async setSorting(sorting: Sorting): Promise<void> {
    this.#sorting = sorting;
    this.#changed.fire({});
    await this.#workspace.update(sortingKey, sorting);
  }

  async setPinned(devboxIds: readonly string[], pinned: boolean): Promise<void> {
    const others = [...this.#pinned].filter((id) => !devboxIds.includes(id));
    this.#pinned = new Set(pinned ? [...others, ...devboxIds].slice(-mostKept) : others);
    this.#changed.fire({});
    await this.#workspace.update(pinnedKey, [...this.#pinned]);
  }

  async dismiss(
    seen: readonly (readonly [devboxId: string, mark: string])[],
    change: ChoiceChange = {},
  ): Promise<void> {
    if (seen.length === 0) return;
    this.#dismissed = new Set([...this.#dismissed, ...seen.map((one) => one.join(' '))].slice(-mostKept));
    this.#changed.fire(change);
    await this.#workspace.update(dismissedKey, [...this.#dismissed]);
  }

  async setGrouping(grouping: Grouping): Promise<void> {
    this.#grouping = grouping;
    this.#changed.fire({});
    await this.#global.update(groupingKey, grouping);
  }

  /** Shows what a filter would do, without keeping it. */
  tryFilter(filter: string): void {
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#tell();
    this.#changed.fire({});
  }

  async setFilter(filter: string): Promise<void> {
    this.tryFilter(filter.trim());
    await this.#workspace.update(filterKey, filter.trim());
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #tell(): void {
    void setContext(contextKeys.filtered, this.#filter.trim() !== '');
  }
}

function parseIds(value: unknown): ReadonlySet<string> {
  return new Set(asArray(value).flatMap((entry) => asString(entry) ?? []));
}

function parseGrouping(value: unknown): Grouping {
  const stored = asObject(value);
  const by = stored?.['by'];
  const key = asString(stored?.['key']);
  if (by === 'metadata' && key !== undefined) return { by, key };
  return by === 'blueprint' || by === 'initiator' ? { by } : usualGrouping;
}
