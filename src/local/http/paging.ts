import type { ListQuery, Page } from '../store/recordTable';
import { badRequest } from './apiError';

/** The longest page of every list. */
const longestPage = 5_000;

/**
 * What every list understands: how much, from where on, and which names.
 * @throws ApiError 400
 */
export function listFields(query: URLSearchParams): Omit<ListQuery<never>, 'where' | 'status'> {
  const limit = numberOf(query, 'limit', { usual: 20, least: 1, most: longestPage });
  const given = (name: string): string | undefined => {
    const value = query.get(name);
    return value === null || value === '' ? undefined : value;
  };
  return { limit, startingAfter: given('starting_after'), name: given('name'), search: given('search') };
}

/**
 * One of a set of words that a query may say; undefined if it says nothing.
 * @throws ApiError 400
 */
export function choiceOf<T extends string>(query: URLSearchParams, name: string, choices: readonly T[]): T | undefined {
  const value = query.get(name);
  if (value === null || value === '') {
    return undefined;
  }
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) {
    throw badRequest(`"${value}" is not a ${name}. Use one of ${choices.join(', ')}.`);
  }
  return chosen;
}

/**
 * A whole number that a query may say.
 * @throws ApiError 400
 */
export function numberOf(
  query: URLSearchParams,
  name: string,
  { usual, least, most }: { readonly usual: number; readonly least: number; readonly most: number },
): number {
  const given = query.get(name) ?? '';
  const value = given === '' ? usual : Number(given);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw badRequest(`The ${name} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** A page as the API shows it, under the name of what is listed. */
export function pageBody<T>(
  key: string,
  page: Page<T>,
  query: URLSearchParams,
  view: (item: T) => Record<string, unknown>,
): Record<string, unknown> {
  return {
    [key]: page.items.map(view),
    has_more: page.hasMore,
    ...(query.get('include_total_count') === 'false' ? {} : { total_count: page.total }),
  };
}

/** A page of a list that is at hand whole, newest first; an unknown `starting_after` gives an empty one. */
export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { limit, startingAfter }: Pick<ListQuery<never>, 'limit' | 'startingAfter'>,
): Page<T> {
  const place = items.findIndex(({ id }) => id === startingAfter);
  const rest = startingAfter === undefined ? items : place < 0 ? [] : items.slice(place + 1);
  return { items: rest.slice(0, limit), hasMore: rest.length > limit, total: items.length };
}

/**
 * The condition that `metadata[key]=value` and `metadata[key][in]=a,b` parameters ask for; undefined without any.
 */
export function metadataFilter(
  query: URLSearchParams,
): ((record: { readonly metadata: Readonly<Record<string, string>> }) => boolean) | undefined {
  const wanted: (readonly [string, readonly string[]])[] = [];
  for (const [name, value] of query) {
    const match = /^metadata\[([^\]]+)\](\[in\])?$/.exec(name);
    if (match?.[1] !== undefined) {
      wanted.push([match[1], match[2] === undefined ? [value] : value.split(',')]);
    }
  }
  return wanted.length === 0
    ? undefined
    : ({ metadata }) => wanted.every(([key, values]) => values.includes(metadata[key] ?? '\0'));
}
