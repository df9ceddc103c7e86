import { isDeepStrictEqual } from 'node:util';
import { hasEnded, type Devbox } from '../../../core/platform/devbox';
import type { Prices } from '../../../core/cost/prices';
import { streamOf, type Stream } from '../../devboxes/devboxReader';
import type { Attention } from './attention';
import { filterWords, searchable, WordSearch, type FilterWords } from './filterWords';
import { sorted, type Sorting } from './sorting';
import type { LostStart } from './news';

/** What the view's groups are made by. */
export type Grouping =
  { readonly by: 'status' | 'blueprint' | 'initiator' } | { readonly by: 'metadata'; readonly key: string };

export const usualGrouping: Grouping = { by: 'status' };

/** Devboxes that a group shows at first, and each further page of it. */
export const groupPageSize = 100;

/** Value of a group for devboxes that have no such thing; no real value can be this. */
export const noValue = '\u0000none';

/** Groups that are made at the most: a metadata key may have another value for every devbox. */
export const mostGroups = 100;
/** Key and value of the group at the top; no real value can be this. */
export const attentionGroup = '\u0000attention';
/** Value of the group for all devboxes beyond that; no real value can be this. */
export const otherValues = '\u0000other';

export interface Group {
  /** Same for the same group at all times; unique in the view. */
  readonly key: string;
  /** `active`, `suspended` or `ended`; else a blueprint id, initiator or metadata value, as it came from outside. */
  readonly value: string;
  /** Ids that are shown, in their order. */
  readonly shown: readonly string[];
  /** How many there are, shown or not. */
  readonly total: number;
  /** Creates of unknown outcome, above its devboxes. */
  readonly lost?: readonly LostStart[];
}

export interface Arrangement {
  readonly grouping: Grouping;
  readonly groups: readonly Group[];
  readonly groupOf: ReadonlyMap<string, string>;
  /** Devboxes that pass the filter. */
  readonly matching: number;
  readonly attention: ReadonlyMap<string, Attention>;
}

/** What decides which rows there are. */
export interface ArrangeOptions {
  readonly grouping: Grouping;
  readonly filter: string;
  /** Rows that a group may show, by its key; {@link groupPageSize} where nothing is said. */
  readonly limits: ReadonlyMap<string, number>;
  /** What has looked through the devboxes before. */
  readonly search?: WordSearch;
  readonly sorting?: Sorting;
  /** Devboxes that come before all others of their group: attached or pinned. */
  readonly first?: ReadonlySet<string>;
  /** Those that need attention, in the order of their rows; they are in a group of their own. */
  readonly attention?: ReadonlyMap<string, Attention>;
  /** Creates of unknown outcome: in the same group. */
  readonly lost?: readonly LostStart[];
  readonly isStartedHere?: (devboxId: string) => boolean;
  readonly prices?: Prices | undefined;
}

const statusOrder = ['active', 'suspended', 'ended'];

function valueOf(devbox: Devbox, grouping: Grouping): string {
  switch (grouping.by) {
    case 'status':
      return hasEnded(devbox.status) ? 'ended' : devbox.status === 'suspended' ? 'suspended' : 'active';
    case 'blueprint':
      return devbox.blueprintId ?? noValue;
    case 'initiator':
      return (
        [devbox.initiatorType, devbox.initiatorId].filter((part) => part !== undefined && part !== '').join(' ') ||
        noValue
      );
    case 'metadata':
      return devbox.metadata[grouping.key] ?? noValue;
  }
}

/**
 * Sorts devboxes into groups.
 *
 * @param devboxes newest first
 */
export function arrange(devboxes: readonly Devbox[], options: ArrangeOptions): Arrangement {
  const { grouping, filter, limits, search = new WordSearch(), sorting = 'newest' } = options;
  const { attention = new Map<string, Attention>(), isStartedHere = () => false } = options;
  const members = new Map<string, string[]>();
  const groupOf = new Map<string, string>();
  const prefix = grouping.by === 'metadata' ? `metadata:${grouping.key}` : grouping.by;
  const words = filterWords(filter);
  const inOrder = sorted(devboxes, { sorting, first: options.first ?? new Set(), prices: options.prices });
  let matching = 0;
  for (const devbox of inOrder) {
    if (!search.finds(words, devbox, isStartedHere)) continue;
    matching += 1;
    if (attention.has(devbox.id)) {
      groupOf.set(devbox.id, attentionGroup);
      continue;
    }
    const value = valueOf(devbox, grouping);
    const ids = members.get(value);
    if (ids === undefined) members.set(value, [devbox.id]);
    else ids.push(devbox.id);
    groupOf.set(devbox.id, `${prefix}=${value}`);
  }
  const values = [...members.keys()];
  if (grouping.by === 'status') {
    values.sort((a, b) => statusOrder.indexOf(a) - statusOrder.indexOf(b));
  } else {
    const { compare } = new Intl.Collator();
    values.sort((a, b) => Number(a === noValue) - Number(b === noValue) || compare(a, b));
  }
  if (values.length > mostGroups) {
    const others = values.splice(mostGroups - 1);
    const ids = new Set(others.flatMap((value) => members.get(value) ?? []));
    const key = `${prefix}=${otherValues}`;
    for (const id of ids) groupOf.set(id, key);
    // In the order of all.
    members.set(
      otherValues,
      inOrder.flatMap(({ id }) => (ids.has(id) ? [id] : [])),
    );
    values.push(otherValues);
  }
  const group = (key: string, value: string, ids: readonly string[]): Group => ({
    key,
    value,
    shown: ids.slice(0, limits.get(key) ?? groupPageSize),
    total: ids.length,
  });
  const urgent = [...attention.keys()].filter((id) => groupOf.get(id) === attentionGroup);
  const lost = lostLike(options.lost ?? [], words);
  const first = group(attentionGroup, attentionGroup, urgent);
  const groups = [
    ...(urgent.length + lost.length === 0 ? [] : [{ ...first, lost, total: first.total + lost.length }]),
    ...values.map((value) => group(`${prefix}=${value}`, value, members.get(value) ?? [])),
  ];
  return { grouping, groups, groupOf, matching, attention };
}

/** Those whose name has all words of a filter; what is not there is in no state. */
function lostLike(lost: readonly LostStart[], { words, marks }: FilterWords): readonly LostStart[] {
  if (marks.length > 0) return [];
  return lost.filter(({ name }) => words.every((word) => searchable(name).includes(word)));
}

/** The devboxes on one page of a group; the first page is 0. */
export function pageOf(group: Group, page: number): readonly string[] {
  return group.shown.slice(page * groupPageSize, (page + 1) * groupPageSize);
}

/** The lists of the server that hold devboxes of a group. */
export function streamsOf({ grouping }: Arrangement, { value }: Group): readonly Stream[] {
  if (value === attentionGroup) return [];
  if (grouping.by !== 'status') return ['running', 'suspended', 'all'];
  return [streamOf(value === 'ended' ? 'shutdown' : value)];
}

/** Those of them that hold only what has not ended, so that each devbox that they have more of belongs to the group. */
export function livingStreams(arrangement: Arrangement, group: Group): readonly Stream[] {
  return arrangement.grouping.by === 'status' ? streamsOf(arrangement, group).filter((one) => one !== 'all') : [];
}

/** What has to be drawn again; `everything` stands for all of it. */
export type Redraw = 'everything' | { readonly groups: readonly string[]; readonly devboxes: readonly string[] };

/**
 * Compares two arrangements.
 *
 * @param changed ids whose devbox differs
 */
export function redrawFor(before: Arrangement, after: Arrangement, changed: ReadonlySet<string>): Redraw {
  const keys = (arrangement: Arrangement): string => arrangement.groups.map(({ key }) => key).join('\n');
  if (keys(before) !== keys(after)) return 'everything';
  const groups = after.groups.filter((group, index) => {
    const earlier = before.groups[index];
    const isSame =
      earlier?.total === group.total &&
      sameList(earlier.shown, group.shown) &&
      isDeepStrictEqual(earlier.lost, group.lost);
    return !isSame;
  });
  const redrawn = new Set(groups.map(({ key }) => key));
  const devboxes = after.groups
    .filter(({ key }) => !redrawn.has(key))
    .flatMap(({ shown }) => shown.filter((id) => changed.has(id)));
  return { groups: [...redrawn], devboxes };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((entry, index) => entry === b[index]);
}
