import type { LineLevel } from './serverLine';

/** From the gravest to the least. */
export const lineLevels: readonly LineLevel[] = ['error', 'warning', 'info', 'debug'];

/** The level that a word names; undefined if it names none. */
export function lineLevelOf(word: string): LineLevel | undefined {
  return lineLevels.find((level) => level === word);
}

/**
 * What of a log is left out. Kept as what is hidden, not as what is shown: a source that turns up later must not be missed.
 */
export interface LogFilter {
  readonly hiddenLevels: ReadonlySet<LineLevel>;
  /** Names as `sourceName` gives them. */
  readonly hiddenSources: ReadonlySet<string>;
}

export const showEverything: LogFilter = { hiddenLevels: new Set([]), hiddenSources: new Set([]) };

export function hidesNothing(filter: LogFilter): boolean {
  return filter.hiddenLevels.size === 0 && filter.hiddenSources.size === 0;
}

/**
 * The filter that shows what was picked. A kind of which nothing is picked is not filtered by: an empty document helps
 * nobody.
 *
 * @param sources all that there are
 */
export function filterThatShows(
  picked: { readonly levels: ReadonlySet<LineLevel>; readonly sources: ReadonlySet<string> },
  sources: readonly string[],
): LogFilter {
  const without = <T>(all: readonly T[], shown: ReadonlySet<T>): ReadonlySet<T> =>
    shown.size === 0 ? new Set() : new Set(all.filter((one) => !shown.has(one)));
  return { hiddenLevels: without(lineLevels, picked.levels), hiddenSources: without(sources, picked.sources) };
}
