import { hasEnded, type Devbox } from '../../../core/platform/devbox';
import { stripControls } from '../../../core/plainText';
import { streamOf, type Stream } from '../../devboxes/devboxReader';

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
/** Value of the group for all devboxes beyond that; no real value can be this. */
export const otherValues = '\u0000other';

export interface Group {
  /** Same for the same group at all times; unique in the view. */
  readonly key: string;
  /** `active`, `suspended` or `ended`; else a blueprint id, initiator or metadata value, as it came from outside. */
  readonly value: string;
  /** Ids that are shown, newest first. */
  readonly shown: readonly string[];
  /** How many there are, shown or not. */
  readonly total: number;
}

export interface Arrangement {
  readonly grouping: Grouping;
  readonly groups: readonly Group[];
  readonly groupOf: ReadonlyMap<string, string>;
  /** Devboxes that pass the filter. */
  readonly matching: number;
}

const collator = new Intl.Collator();
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

/** Looks for words in devboxes. What it looks through is made once for each state of a devbox. */
export class WordSearch {
  readonly #texts = new WeakMap<Devbox, string>();

  /** True if all words, in lower case, are in the devbox's name, id or metadata. */
  finds(words: readonly string[], devbox: Devbox): boolean {
    if (words.length === 0) return true;
    const text = this.#textOf(devbox);
    return words.every((word) => text.includes(word));
  }

  #textOf(devbox: Devbox): string {
    let text = this.#texts.get(devbox);
    if (text === undefined) {
      const parts = [devbox.name ?? '', devbox.id, ...Object.entries(devbox.metadata).flat()];
      const all = parts.join('\n').slice(0, 20_000);
      // Ten thousand texts are looked through at once; most have nothing to strip.
      text = (/^[\x20-\x7e\n]*$/.test(all) ? all : stripControls(all)).toLowerCase();
      this.#texts.set(devbox, text);
    }
    return text;
  }
}

/** True if every word of the filter is in the devbox's name, id or metadata, upper or lower case. */
export function matches(devbox: Devbox, filter: string): boolean {
  return new WordSearch().finds(wordsOf(filter), devbox);
}

function wordsOf(filter: string): readonly string[] {
  return filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/**
 * Sorts devboxes into groups.
 *
 * @param devboxes newest first
 * @param options.limits rows that a group may show, by its key; {@link groupPageSize} where nothing is said
 * @param options.search what has looked through the devboxes before
 */
export function arrange(
  devboxes: readonly Devbox[],
  options: {
    readonly grouping: Grouping;
    readonly filter: string;
    readonly limits: ReadonlyMap<string, number>;
    readonly search?: WordSearch;
  },
): Arrangement {
  const { grouping, filter, limits, search = new WordSearch() } = options;
  const members = new Map<string, string[]>();
  const groupOf = new Map<string, string>();
  const prefix = grouping.by === 'metadata' ? `metadata:${grouping.key}` : grouping.by;
  const words = wordsOf(filter);
  let matching = 0;
  for (const devbox of devboxes) {
    if (!search.finds(words, devbox)) continue;
    matching += 1;
    const value = valueOf(devbox, grouping);
    const ids = members.get(value);
    if (ids === undefined) members.set(value, [devbox.id]);
    else ids.push(devbox.id);
    groupOf.set(devbox.id, `${prefix}=${value}`);
  }
  const values = [...members.keys()];
  if (grouping.by === 'status') values.sort((a, b) => statusOrder.indexOf(a) - statusOrder.indexOf(b));
  else values.sort((a, b) => Number(a === noValue) - Number(b === noValue) || collator.compare(a, b));
  if (values.length > mostGroups) {
    const others = values.splice(mostGroups - 1);
    const ids = new Set(others.flatMap((value) => members.get(value) ?? []));
    const key = `${prefix}=${otherValues}`;
    for (const id of ids) groupOf.set(id, key);
    // Newest first, like everywhere.
    members.set(
      otherValues,
      devboxes.flatMap(({ id }) => (ids.has(id) ? [id] : [])),
    );
    values.push(otherValues);
  }
  const groups = values.map((value): Group => {
    const key = `${prefix}=${value}`;
    const ids = members.get(value) ?? [];
    return { key, value, shown: ids.slice(0, limits.get(key) ?? groupPageSize), total: ids.length };
  });
  return { grouping, groups, groupOf, matching };
}

/** The devboxes on one page of a group; the first page is 0. */
export function pageOf(group: Group, page: number): readonly string[] {
  return group.shown.slice(page * groupPageSize, (page + 1) * groupPageSize);
}

/** The lists of the server that hold devboxes of a group. */
export function streamsOf({ grouping }: Arrangement, { value }: Group): readonly Stream[] {
  if (grouping.by !== 'status') return ['running', 'suspended', 'all'];
  return [streamOf(value === 'ended' ? 'shutdown' : value)];
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
    return earlier === undefined || earlier.total !== group.total || !sameList(earlier.shown, group.shown);
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
