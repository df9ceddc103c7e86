import { EventEmitter, window, type TreeDataProvider, type TreeItem, type TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Account, SignedIn } from '../account/account';
import type { Sessions } from '../session/sessions';
import type { Attention } from './order/attention';
import type { Arranged } from './order/arranged';
import { groupPageSize, livingStreams, streamsOf } from './order/arrangement';
import { AttachedRows } from './attachedRows';
import { BlueprintNames } from '../devboxes/blueprintNames';
import { DevboxRefresh } from '../devboxes/devboxRefresh';
import type { DevboxStore, StoreChange } from '../devboxes/devboxStore';
import { DetailRows } from './detailRows';
import { FirstRows } from './firstRows';
import type { LazyItems } from './lazyItems';
import { RestingRows } from './restingRows';
import { RowClock } from './rowClock';
import { rowSources } from './rowSources';
import { RowRegistry, type MoreRow, type NoticeRow, type Row } from './rows';
import { SeenChanges } from './seenChanges';
import type { DevboxTreeServices, RedrawOptions } from './treeServices';
import { SequentialQueue } from '../../ground/sequentialQueue';
import { ViewChoices } from './order/viewChoices';
import { noticeFor } from './viewNotice';
import { ViewStatus, type ViewFacts } from './viewStatus';

/** The "Runloop" view: maps the store to rows, and keeps the store fresh with {@link DevboxRefresh}. */
export class DevboxTree implements TreeDataProvider<Row>, Disposable {
  readonly choices: ViewChoices;
  readonly details: DetailRows;
  readonly #account: Account;
  readonly #store: DevboxStore;
  readonly #sessions: Sessions;
  readonly #attached: AttachedRows;
  readonly #brokenStarts: DevboxTreeServices['brokenStarts'];
  readonly #rest: RestingRows;
  readonly #first = new FirstRows();
  readonly #order: Arranged;
  readonly changes: SeenChanges;
  readonly #names: BlueprintNames;
  readonly #rows = new RowRegistry();
  readonly #items: LazyItems;
  readonly #changed = new EventEmitter<Row[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: TreeView<Row>;
  readonly #status: ViewStatus<Row>;
  readonly #list: DevboxRefresh<SignedIn>;
  readonly #subscriptions: readonly Disposable[];
  readonly #closing = new AbortController();
  #notice: NoticeRow | undefined;
  readonly #queue = new SequentialQueue();

  constructor(services: DevboxTreeServices) {
    this.#account = services.account;
    this.#store = services.store;
    this.#sessions = services.sessions;
    this.#attached = new AttachedRows(services.sessions);
    this.choices = new ViewChoices(services.globalState, services.workspaceState);
    this.#names = new BlueprintNames((error) => services.log.failure('Reading the name of a blueprint', error));
    this.#brokenStarts = services.brokenStarts;
    const rows = rowSources(services, {
      choices: this.choices,
      names: this.#names,
      attachedIds: () => this.#attached.ids,
      evictionOf: (id, nowMs) => this.changes.evictionOf(id, nowMs),
      factsOf: (id) => this.details.facts(id),
      areMore: (group) => this.#list.knowsOfMore(livingStreams(this.#order.now, group)),
      nowMs: () => this.#list.account?.api.clock.now() ?? Date.now(),
    });
    this.#order = rows.order;
    this.#items = rows.items;
    this.details = new DetailRows(services, this.#items, (rows) => {
      this.#changed.fire(rows);
      this.#redrawTimes();
    });
    this.#list = new DevboxRefresh({
      store: this.#store,
      account: () => this.#account.current(),
      look: () => ({ visible: this.#view.visible, focused: window.state.focused }),
      onError: (error) => services.log.failure('Refreshing the devboxes', error),
    });
    this.changes = new SeenChanges(this.#list, services);
    this.#view = window.createTreeView<Row>('runloop.devboxes', {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
      dragAndDropController: services.drag,
    });
    this.#rest = new RestingRows(this.#view, () => this.#redraw(new Set(), false));
    this.#status = new ViewStatus(this.#view, () => this.#facts(), this.onDidChangeTreeData);
    this.#subscriptions = [
      this.#changed,
      this.details,
      this.#view,
      this.#store.onDidChange((change) => this.#storeChanged(change)),
      this.#sessions.onDidChange(() => this.#sessionsChanged()),
      this.#account.onDidChange(() => this.#accountChanged()),
      this.choices.onDidChange((change) => this.#redraw(new Set(), true, change)),
      this.#brokenStarts.onDidChange(() => this.#redraw(new Set(), false, { isUnasked: true })),
      this.changes.onDidAnnounceEviction(() => this.#redraw(new Set(), false, { isUnasked: true })),
      this.#account.onDidChangePrices(() => this.#redraw(new Set(), true)),
      this.#names.onDidChange(() => this.#redraw(new Set(), true)),
      this.#view.onDidExpandElement(({ element }) => this.details.opened(element)),
      this.#view.onDidChangeVisibility(() => this.#onVisibilityChanged()),
      window.onDidChangeWindowState(() => this.#onVisibilityChanged()),
      new RowClock(this.#store, () => this.#redrawTimes()),
      this.details.follow(this.#view, (row) => this.getParent(row)),
      this.#status,
      this.#rest,
      this.#list,
      this.changes,
      this.#names,
      this.choices,
    ];
    // A view that is open when the window starts gets no visibility event.
    this.#onVisibilityChanged();
  }

  /** Reads the list now; resolves when it is drawn from. During a pause the last list stays. */
  async refresh(): Promise<void> {
    this.#rest.release();
    if (this.#brokenStarts.lost.length > 0) this.#brokenStarts.lookNow();
    await Promise.all([this.#list.now(), this.details.refresh()]);
  }

  /** Follows a devbox that a command here has set in motion until it has settled; the store must know its new status before. */
  follow(devboxId: string): void {
    this.changes.follow(devboxId);
  }

  /** Remembers why a devbox could not be used, for the row below it; undefined forgets it. */
  noteError(devboxId: string, message: string | undefined): void {
    this.details.note(devboxId, message);
    if (this.#store.get(devboxId) !== undefined) this.#changed.fire([this.#rows.devbox(devboxId)]);
  }

  /** Selects a devbox's row in the view, without taking the focus; does nothing for one that is not shown. */
  async reveal(devboxId: string): Promise<void> {
    if (!this.#view.visible || !this.#order.now.groupOf.has(devboxId)) return;
    await this.#view.reveal(this.#rows.devbox(devboxId), { select: true, focus: false });
  }

  /** Rows of files and folders that are selected, where no devbox is. */
  get selectedFiles(): readonly Row[] {
    return this.selectedIds.length > 0 ? [] : this.#view.selection.filter(({ kind }) => kind === 'file');
  }

  /** The devboxes whose rows are selected. */
  get selectedIds(): readonly string[] {
    return this.#view.selection.flatMap((row) => (row.kind === 'devbox' ? [row.id] : []));
  }

  /** Somebody has looked at why a devbox failed: it needs no attention any more, but the pointer may still be at its row. */
  async seen(devboxId: string): Promise<void> {
    const found = this.attention.get(devboxId);
    if (found?.reason !== 'failed') return;
    this.#rest.touched();
    await this.choices.dismiss([[devboxId, found.mark]], { isUnasked: true });
  }

  /** Why which devboxes need attention. */
  get attention(): ReadonlyMap<string, Attention> {
    return this.#order.now.attention;
  }

  /** Shows the next page of a group, and gets it from the server where it is not known yet. */
  async loadMore(row: MoreRow): Promise<void> {
    const group = this.#order.now.groups.find(({ key }) => key === row.group);
    if (group === undefined) return;
    this.#rest.release();
    this.#order.showMore(row.group, group.shown.length);
    if (group.shown.length + groupPageSize > group.total) {
      await this.#list.more(streamsOf(this.#order.now, group), this.#closing.signal);
    }
    this.#redraw(new Set(), false, { group: row.group });
  }

  getTreeItem(row: Row): TreeItem | Promise<TreeItem> {
    return this.#items.item(row);
  }

  /** Makes a tooltip when somebody looks at the row. */
  async resolveTreeItem(item: TreeItem, row: Row): Promise<TreeItem> {
    this.#rest.touched();
    const devbox = row.kind === 'devbox' ? this.#store.get(row.id) : undefined;
    if (devbox === undefined) return item;
    if (devbox.blueprintId !== undefined && this.#list.account !== undefined && this.#list.pauseSeconds === 0) {
      await this.#names.load(this.#list.account.api, [devbox.blueprintId], this.#closing.signal);
    }
    item.tooltip = await this.#items.tooltip(devbox);
    return item;
  }

  getParent(row: Row): Row | undefined {
    return this.#rows.parentOf(row, this.#order.now);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row === undefined) {
      // The first page is enough to draw; the rest comes as it is read.
      if (!this.#store.loaded) await this.#first.wait(this.refresh(), this.#store.whenLoaded());
      const groups = this.#order.now.groups.map(({ key }) => this.#rows.group(key));
      return this.#notice === undefined ? groups : [this.#notice, ...groups];
    }
    if (row.kind !== 'group' && row.kind !== 'page') {
      return [...(await this.details.below(row, this.#list.account, this.#closing.signal))];
    }
    // The editor asks for all open pages at once: one page a turn leaves room between.
    await this.#queue.next();
    const key = row.kind === 'group' ? row.key : row.group;
    const group = this.#order.now.groups.find((candidate) => candidate.key === key);
    if (group === undefined) return [];
    return row.kind === 'page'
      ? this.#rows.ofPage(group, row.page)
      : this.#rows.ofGroup(group, this.#list.hasMore(streamsOf(this.#order.now, group)));
  }

  dispose(): void {
    this.#closing.abort();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #onVisibilityChanged(): void {
    this.#list.onVisibilityChanged();
    this.changes.plan();
    this.#redrawTimes();
  }

  #accountChanged(): void {
    this.changes.stop();
    this.#names.clear();
    this.#order.reset();
    this.details.clear();
    this.#list.restart();
  }

  #storeChanged({ ids, isUnasked }: StoreChange): void {
    this.#redraw(ids, false, { isUnasked });
    this.changes.plan();
    this.#list.reschedule();
    const gone = [...ids].filter((id) => this.#store.get(id) === undefined);
    for (const known of [this.#rows, this.#items]) known.forget(gone);
  }

  #sessionsChanged(): void {
    const different = new Set(this.#attached.changed());
    for (const id of this.#attached.ids) this.details.note(id, undefined);
    this.changes.plan();
    this.#redraw(different, false);
  }

  /** Draws again what changed, and only that. @param options.isUnasked nobody asked for it: no row moves from under a pointer */
  #redraw(ids: ReadonlySet<string>, everything: boolean, options: RedrawOptions = {}): void {
    const isResting = options.isUnasked === true && this.#rest.leftMs > 0;
    const changed = this.#order.again(ids, isResting);
    const after = this.#order.now;
    this.#status.show();
    const news = noticeFor(this.#store, {
      earlier: this.#notice,
      matching: after.matching,
      pauseSeconds: this.#list.pauseSeconds,
    });
    // It comes above all rows.
    const isNoticeHeld = isResting && news !== this.#notice && after.groups.length > 0;
    const notice = isNoticeHeld ? this.#notice : news;
    this.#rest.note(this.#order.waits || isNoticeHeld);
    const redraw = everything || notice !== this.#notice ? 'everything' : changed;
    this.#notice = notice;
    const { account, pauseSeconds } = this.#list;
    if (after.grouping.by === 'blueprint' && account !== undefined && pauseSeconds === 0) {
      this.#names.loadOf(account.api, this.#store.devboxes, this.#closing.signal);
    }
    const rows = redraw === 'everything' ? undefined : this.#rows.toRedraw(redraw, after, options.group);
    if (rows === undefined ? !this.#first.areAsked : rows.length > 0) this.#changed.fire(rows);
  }

  /** Draws rows again whose age, time left or facts of what is below them read differently by now. */
  #redrawTimes(): void {
    if (this.#order.isStale) this.#redraw(new Set(), false, { isUnasked: true });
    if (!this.#list.isSeen) return;
    const stale = this.#items.stale(this.#order.now.groups.flatMap(({ shown }) => shown));
    if (stale.length > 0) this.#changed.fire(stale.map((id) => this.#rows.devbox(id)));
  }

  #facts(): ViewFacts {
    return {
      account: this.#list.account,
      isLocal: this.#account.isLocal,
      devboxes: this.#store.devboxes,
      moreRun: this.#list.moreRun,
      filter: this.choices.filter,
      matching: this.#order.now.matching,
      attention: this.#order.now.attention.size + this.#brokenStarts.lost.length,
      agents: this.details.needsYou,
      pauseSeconds: this.#list.pauseSeconds,
      malformed: this.#store.malformed,
      isEndless: this.#store.isEndless,
    };
  }
}
