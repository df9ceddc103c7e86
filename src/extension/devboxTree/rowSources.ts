import type { BlueprintNames } from '../devboxes/blueprintNames';
import type { Announced } from './order/news';
import { LazyItems } from './lazyItems';
import { Arranged } from './order/arranged';
import type { Group } from './order/arrangement';
import type { ViewChoices } from './order/viewChoices';
import type { DevboxTreeServices, RowFact } from './treeServices';

/** What the view itself knows, beside its services. */
interface ViewFacts {
  readonly choices: ViewChoices;
  readonly names: BlueprintNames;
  readonly attachedIds: () => Iterable<string>;
  readonly evictionOf: (devboxId: string, nowMs: number) => Announced | undefined;
  readonly factsOf: (devboxId: string) => readonly RowFact[];
  /** True if the account has more devboxes of a group than were loaded. */
  readonly areMore: (group: Group) => boolean;
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: () => number;
}

/** The order of the rows and what they look like, made from all that decides it. */
export function rowSources(
  services: DevboxTreeServices,
  { choices, names, attachedIds, evictionOf, factsOf, areMore, nowMs }: ViewFacts,
): { readonly order: Arranged; readonly items: LazyItems } {
  const { account, store, sessions, devboxUse, startedHere, endedHere, brokenStarts } = services;
  const prices = (): typeof account.prices => account.prices;
  const order = new Arranged({
    store,
    choices,
    attachedIds,
    startedHere,
    brokenStarts,
    evictionOf,
    prices,
    nowMs,
  });
  const items = new LazyItems({
    store,
    arrangement: () => order.now,
    isAttached: (id) => sessions.isAttached(id),
    healthOf: (id) => sessions.healthOf(id),
    toldAt: (id) => devboxUse.toldAt(id),
    isStartedHere: (id) => startedHere.all().has(id),
    blueprintName: (id) => names.get(id),
    isPinned: (id) => choices.pinned.has(id),
    evictionOf,
    factsOf,
    enderOf: (id) => endedHere.by(id),
    areMore,
    nowMs,
    prices,
    agents: services.agents,
    log: services.log,
  });
  return { order, items };
}
