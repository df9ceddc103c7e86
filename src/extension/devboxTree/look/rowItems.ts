import { TreeItem } from 'vscode';
import { agentsKey, type Devbox } from '../../../core/platform/devbox';
import type { Prices } from '../../../core/cost/prices';
import { attentionGroup, type Arrangement, type Group } from '../order/arrangement';
import { detailItem } from './detailItem';
import { devboxItem } from './devboxItem';
import { devboxTooltip } from './devboxTooltip';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { hourlyCost } from '../../devboxes/devboxText';
import type { Ender } from '../../devboxes/endReason';
import type { Log } from '../../messages/log';
import type { Health } from '../../session/sessions';
import { fileItem, filesItem } from './fileItem';
import { groupItem, moreItem, noticeItem, pageItem, startItem } from './groupItems';
import { portItem, portsItem } from './portItem';
import { shownFacts, spokenFacts, type RowContext } from './rowText';
import type { Announced } from '../order/news';
import type { Row } from '../rows';
import { RowSlicer } from './rowSlicer';
import type { RowFact } from '../treeServices';

/** What the items of all rows are made from. */
export interface RowSource {
  readonly store: DevboxStore;
  readonly arrangement: () => Arrangement;
  readonly isAttached: (devboxId: string) => boolean;
  readonly healthOf: (devboxId: string) => Health | undefined;
  /** When this window last told Runloop that a devbox is in use, in Unix milliseconds of this computer. */
  readonly toldAt: (devboxId: string) => number | undefined;
  readonly isStartedHere: (devboxId: string) => boolean;
  readonly isPinned: (devboxId: string) => boolean;
  readonly evictionOf: (devboxId: string, nowMs: number) => Announced | undefined;
  /** Changed files of its repositories, where somebody has looked. */
  readonly factsOf: (devboxId: string) => readonly RowFact[];
  readonly enderOf: (devboxId: string) => Ender | undefined;
  readonly blueprintName: (blueprintId: string) => string | undefined;
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: () => number;
  /** True if the account has more devboxes of a group than were loaded. */
  readonly areMore: (group: Group) => boolean;
  /** Undefined where nothing costs anything. */
  readonly prices: () => Prices | undefined;
  /** Looks for agents in devboxes that are marked. */
  readonly agents: () => Promise<unknown>;
  readonly log: Pick<Log, 'failure'>;
}

/** Makes the editor's items of rows, a slice of them at a time, and remembers what was drawn. */
export class RowItems {
  readonly #source: RowSource;
  readonly #slicer = new RowSlicer();
  /** What rows showed and said when they were drawn last. */
  readonly #drawn = new Map<string, string>();
  /** Dollars per hour by group, of one arrangement. */
  readonly #costs = new WeakMap<Arrangement, ReadonlyMap<string, number>>();

  /** Whether agents are looked for. */
  #isSought = false;

  constructor(source: RowSource) {
    this.#source = source;
  }

  item(row: Row): TreeItem | Promise<TreeItem> {
    return this.#slicer.run(() => this.#item(row));
  }

  /** What a devbox's row depends on beside the devbox. */
  context(devboxId: string): RowContext {
    const toldAt = this.#source.toldAt(devboxId);
    const nowMs = this.#source.nowMs();
    return {
      attached: this.#source.isAttached(devboxId),
      health: this.#source.healthOf(devboxId),
      nowMs,
      prices: this.#source.prices(),
      attention: this.#source.arrangement().attention.get(devboxId)?.reason,
      evictedAtMs: this.#source.evictionOf(devboxId, nowMs)?.deadlineMs,
      facts: this.#source.factsOf(devboxId),
      isPinned: this.#source.isPinned(devboxId),
      ender: this.#source.enderOf(devboxId),
      usedAgoMs: toldAt === undefined ? undefined : Date.now() - toldAt,
    };
  }

  tooltip(devbox: Devbox): string {
    const { blueprintName, isStartedHere } = this.#source;
    return devboxTooltip(devbox, {
      ...this.context(devbox.id),
      blueprintName: blueprintName(devbox.blueprintId ?? ''),
      isStartedHere: isStartedHere(devbox.id),
    });
  }

  /** Those of some devboxes whose row would read differently by now. */
  stale(devboxIds: readonly string[]): readonly string[] {
    return devboxIds.filter((id) => {
      const devbox = this.#source.store.get(id);
      const drawn = this.#drawn.get(id);
      return devbox !== undefined && drawn !== undefined && drawn !== textOf(devbox, this.context(id));
    });
  }

  /** Forgets devboxes that are not listed any more. */
  forget(devboxIds: Iterable<string>): void {
    for (const id of devboxIds) this.#drawn.delete(id);
  }

  #item(row: Row): TreeItem {
    const { store } = this.#source;
    const arrangement = this.#source.arrangement();
    const groupOf = (key: string): Group | undefined => arrangement.groups.find((group) => group.key === key);
    switch (row.kind) {
      case 'notice':
        return noticeItem(row);
      case 'files':
        return filesItem(row);
      case 'file':
        return fileItem(row);
      case 'branch':
        return row.item();
      case 'ports':
        return portsItem(row, store.get(row.devboxId));
      case 'port':
        return portItem(row, store.get(row.devboxId));
      case 'detail':
        return detailItem(store.get(row.devboxId), row.devboxId, row.detail);
      case 'devbox': {
        const devbox = store.get(row.id);
        // Gone since the editor asked for the rows; the next drawing leaves it out.
        if (devbox === undefined) return new TreeItem(row.id);
        const context = this.context(row.id);
        this.#drawn.set(row.id, textOf(devbox, context));
        if (devbox.metadata[agentsKey] !== undefined) this.#seekAgents();
        return devboxItem(devbox, context);
      }
      case 'start': {
        const lost = groupOf(attentionGroup)?.lost?.find(({ requestId }) => requestId === row.requestId);
        return lost === undefined ? new TreeItem(row.requestId) : startItem(lost);
      }
      case 'page':
      case 'more': {
        const group = groupOf(row.group);
        if (group === undefined) return new TreeItem(row.group);
        return row.kind === 'page' ? pageItem(row, group) : moreItem(row, group.total - group.shown.length);
      }
      case 'group': {
        const group = groupOf(row.key);
        if (group === undefined) return new TreeItem(row.key);
        const { blueprintName } = this.#source;
        return groupItem(group, arrangement.grouping, {
          blueprintName,
          hourlyCost: this.#costOf(arrangement, row.key),
          areMore: this.#source.areMore(group),
        });
      }
    }
  }

  /** Agents that somebody else has started are there before a row is opened. */
  #seekAgents(): void {
    if (this.#isSought) return;
    this.#isSought = true;
    const { agents, log } = this.#source;
    agents().catch((error: unknown) => log.failure('Looking for agents', error));
  }

  #costOf(arrangement: Arrangement, group: string): number {
    let costs = this.#costs.get(arrangement);
    if (costs === undefined) {
      const sums = new Map<string, number>();
      const prices = this.#source.prices();
      for (const devbox of this.#source.store.devboxes) {
        const key = arrangement.groupOf.get(devbox.id);
        const cost = key === undefined ? undefined : hourlyCost(devbox, prices);
        if (key !== undefined && cost !== undefined) sums.set(key, (sums.get(key) ?? 0) + cost);
      }
      costs = sums;
      this.#costs.set(arrangement, costs);
    }
    return costs.get(group) ?? 0;
  }
}

/** What a row shows and what a screen reader says of it: the age of a devbox is in the latter alone. */
function textOf(devbox: Devbox, context: RowContext): string {
  return `${shownFacts(devbox, context)}\n${spokenFacts(devbox, context)}`;
}
