import type { Prices } from '../../../core/cost/prices';
import { hasEnded, lifetimeEnd, type Devbox } from '../../../core/platform/devbox';
import { hourlyCost } from '../../devboxes/devboxText';

/** What the devboxes of a group are sorted by, below those that are attached or pinned. */
export const sortings = ['newest', 'attention', 'name', 'timeLeft', 'cost'] as const;
export type Sorting = (typeof sortings)[number];

const dayMs = 24 * 3_600_000;

/**
 * Sorts devboxes by what only changes when they do: no row moves because time has passed. What is equal stays newest first.
 *
 * @param devboxes newest first
 * @param options.first what comes before all others
 */
export function sorted(
  devboxes: readonly Devbox[],
  {
    sorting,
    first,
    prices,
  }: { readonly sorting: Sorting; readonly first: ReadonlySet<string>; readonly prices: Prices | undefined },
): readonly Devbox[] {
  const inOrder = sorting === 'newest' ? devboxes : bySorting(devboxes, sorting, prices);
  if (first.size === 0) return inOrder;
  return [...inOrder.filter(({ id }) => first.has(id)), ...inOrder.filter(({ id }) => !first.has(id))];
}

function bySorting(
  devboxes: readonly Devbox[],
  sorting: Exclude<Sorting, 'newest'>,
  prices: Prices | undefined,
): readonly Devbox[] {
  if (sorting === 'name') {
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    // What goes by its id comes after those that have a name.
    const names = new Map(devboxes.map(({ id, name }) => [id, name?.trim() ?? '']));
    const nameOf = ({ id }: Devbox): string => names.get(id) ?? '';
    return [...devboxes].sort(
      (a, b) =>
        Number(nameOf(a) === '') - Number(nameOf(b) === '') || compare(nameOf(a), nameOf(b)) || compare(a.id, b.id),
    );
  }
  const newest = devboxes[0]?.createTimeMs ?? 0;
  const rankOf = (devbox: Devbox): number => {
    switch (sorting) {
      case 'timeLeft':
        // What does not run has no end to come, as its row shows.
        return (
          (devbox.status === 'suspended' || hasEnded(devbox.status) ? undefined : lifetimeEnd(devbox)) ??
          Number.MAX_SAFE_INTEGER
        );
      case 'cost':
        return -(hourlyCost(devbox, prices) ?? 0);
      case 'attention':
        return urgency(devbox, newest);
    }
  };
  const ranks = new Map(devboxes.map((devbox) => [devbox.id, rankOf(devbox)]));
  return [...devboxes].sort((a, b) => (ranks.get(a.id) ?? 0) - (ranks.get(b.id) ?? 0));
}

/** Lower is more urgent: what nothing ends, then what is older than the newest by a day. */
function urgency(devbox: Devbox, newestMs: number): number {
  if (hasEnded(devbox.status)) return devbox.status === 'failure' ? 2 : 3;
  if (devbox.idleRule === undefined && lifetimeEnd(devbox) === undefined) return 0;
  return newestMs - (devbox.createTimeMs ?? newestMs) > dayMs ? 1 : 2;
}
