import {
  commands,
  EventEmitter,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Disposable } from '../../core/events';
import { oneLine } from '../../core/safeText';
import type { SearchSection, SearchGroup, SearchLine, SearchSource } from './searchSource';

/** A group, a line in it, a remark about the search in it, or all groups in which nothing was found. */
export type SearchRow =
  | GroupRow
  | { readonly kind: 'nothing' }
  | { readonly kind: 'match'; readonly of: SearchGroup; readonly line: SearchLine }
  | { readonly kind: 'remark'; readonly text: string };

interface GroupRow {
  readonly kind: 'group';
  readonly of: SearchGroup;
}

/** The one row of its kind, so that the editor knows it again. */
const nothingRow: SearchRow = { kind: 'nothing' };

/** The view of results, grouped, while they come in. */
export class SearchTree implements TreeDataProvider<SearchRow>, Disposable {
  readonly #changed = new EventEmitter<SearchRow | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: TreeView<SearchRow>;
  #source: SearchSource | undefined;
  #rows: GroupRow[] = [];
  readonly #rowOf = new Map<SearchGroup, GroupRow>();
  /** Those that have rows below them. */
  readonly #open = new Set<SearchGroup>();
  #following: Disposable | undefined;
  /** In which order the rows were drawn. */
  #drawn = '';

  constructor() {
    this.#view = window.createTreeView('runloop.logSearch', { treeDataProvider: this, showCollapseAll: true });
  }

  /** Shows the results of a search from now on. */
  show(source: SearchSource): void {
    this.#following?.dispose();
    this.#source = source;
    this.#rowOf.clear();
    this.#view.title = source.title;
    this.#view.description = oneLine(source.sought, 60);
    this.#following = source.onDidChange((news) => {
      this.#view.message = source.message();
      this.#take(source);
      const opening = news.filter((of) => hasRows(of) && !this.#open.has(of));
      for (const of of opening) this.#open.add(of);
      // A row that becomes another one, as those do that open, or another place, is not drawn by a change of its own.
      const order = this.#order();
      const isMoved = order !== this.#drawn;
      this.#drawn = order;
      if (opening.length > 0 || isMoved) this.#changed.fire(undefined);
      else for (const of of news) this.#changed.fire(this.#rowOf.get(of));
    });
    this.#open.clear();
    this.#take(source);
    this.#drawn = this.#order();
    this.#view.message = source.message();
    this.#changed.fire(undefined);
  }

  /** Brings the view to the front. */
  async reveal(): Promise<void> {
    const [first] = this.#rows;
    if (first !== undefined) await this.#view.reveal(first, { select: false, focus: true });
    // Nothing has come in yet.
    else await commands.executeCommand('runloop.logSearch.focus');
  }

  /** Forgets the results. */
  clear(): void {
    this.#following?.dispose();
    this.#source = undefined;
    this.#rows = [];
    this.#rowOf.clear();
    this.#view.description = '';
    this.#view.message = '';
    this.#changed.fire(undefined);
  }

  getParent(row: SearchRow): SearchRow | undefined {
    if (row.kind === 'match') return this.#rowOf.get(row.of);
    return row.kind === 'group' && this.#isFolded && row.of.section === 'nothing' ? nothingRow : undefined;
  }

  /** Where there are results, they come first, and what has none is folded up at the end. */
  getChildren(row?: SearchRow): SearchRow[] {
    const at = (section: SearchSection): SearchRow[] => this.#rows.filter(({ of }) => of.section === section);
    if (row === undefined) {
      const nothing = at('nothing');
      return [
        ...at('found'),
        ...at('remarked'),
        ...at('searched'),
        ...(this.#isFolded && nothing.length > 0 ? [nothingRow] : nothing),
      ];
    }
    if (row.kind === 'nothing') return at('nothing');
    if (row.kind !== 'group') return [];
    const { of } = row;
    return [
      ...of.lines.map((line): SearchRow => ({ kind: 'match', of, line })),
      ...of.remarks.map((text): SearchRow => ({ kind: 'remark', text })),
    ];
  }

  getTreeItem(row: SearchRow): TreeItem {
    if (row.kind === 'group') return this.#groupItem(row.of);
    if (row.kind === 'match') return row.line.item();
    if (row.kind === 'nothing') return this.#nothingItem();
    const item = new TreeItem(row.text);
    item.iconPath = new ThemeIcon('info');
    item.tooltip = row.text;
    return item;
  }

  dispose(): void {
    this.#following?.dispose();
    this.#view.dispose();
    this.#changed.dispose();
  }

  /** Whether rows without results are folded up: only where there is something else to be seen. */
  get #isFolded(): boolean {
    return this.#rows.some(({ of }) => hasRows(of));
  }

  #take(source: SearchSource): void {
    this.#rows = source.groups.map((of) => {
      const row = this.#rowOf.get(of) ?? { kind: 'group', of };
      this.#rowOf.set(of, row);
      return row;
    });
  }

  #order(): string {
    return this.#rows.map(({ of }) => `${of.section} ${of.key}`).join();
  }

  #nothingItem(): TreeItem {
    const label = this.#source?.nothingIn(this.getChildren(nothingRow).length) ?? '';
    const item = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
    item.id = 'nothing';
    return item;
  }

  #groupItem(of: SearchGroup): TreeItem {
    const item = of.item();
    const isEmpty = !hasRows(of);
    const place = this.#rows.filter((row) => hasRows(row.of)).findIndex((row) => row.of === of);
    const isOpen = place < (this.#source?.openAtOnce ?? 0);
    const open = isOpen ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
    item.collapsibleState = isEmpty ? TreeItemCollapsibleState.None : open;
    // A row that has become one with rows below it is another one to the editor; otherwise it would stay closed.
    item.id = `${of.key}${isEmpty ? '' : ':open'}`;
    return item;
  }
}

function hasRows({ lines, remarks }: SearchGroup): boolean {
  return lines.length > 0 || remarks.length > 0;
}
