import {
  EventEmitter,
  l10n,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Disposable } from '../../core/events';
import type { LogMatch } from '../../core/logs/search/searchLogs';
import { searchedCharacters } from '../../core/logs/search/lineSearch';
import { oneLine } from '../../core/plainText';
import type { CommandId } from '../commandIds';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { failureText } from '../messages/showFailure';
import type { DevboxMatches, SearchResults } from './searchResults';

/** A devbox, a line in its log, a remark about the search in it, or all devboxes in whose logs nothing was found. */
export type SearchRow =
  | DevboxRow
  | { readonly kind: 'nothing' }
  | { readonly kind: 'match'; readonly of: DevboxMatches; readonly match: LogMatch }
  | { readonly kind: 'remark'; readonly text: string };

interface DevboxRow {
  readonly kind: 'devbox';
  readonly of: DevboxMatches;
}

/** The one row of its kind, so that the editor knows it again. */
const nothingRow: SearchRow = { kind: 'nothing' };

/** Devboxes whose results are open at once when they come in. */
const openAtOnce = 5;

/** The view "Log Search": results grouped by devbox, while they come in. */
export class SearchTree implements TreeDataProvider<SearchRow>, Disposable {
  readonly #changed = new EventEmitter<SearchRow | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: TreeView<SearchRow>;
  #rows: DevboxRow[] = [];
  /** Those that have rows below them. */
  readonly #open = new Set<DevboxMatches>();
  #following: Disposable | undefined;
  /** In which order the rows were drawn. */
  #drawn = '';

  constructor() {
    this.#view = window.createTreeView('runloop.logSearch', { treeDataProvider: this, showCollapseAll: true });
  }

  /** Shows the results of a search from now on. @param title what was looked for */
  show(results: SearchResults, title: string): void {
    this.#following?.dispose();
    this.#rows = results.devboxes.map((of) => ({ kind: 'devbox', of }));
    this.#view.description = oneLine(title, 60);
    const say = (): void => {
      const left = results.devboxes.filter(
        ({ progress }) => progress.kind === 'waiting' || progress.kind === 'reading',
      ).length;
      const found =
        results.count === 1 ? l10n.t('1 line found') : l10n.t('{0} lines found', results.count.toLocaleString());
      this.#view.message =
        left === 0 ? `${found}.` : `${found}; ${left === 1 ? l10n.t('1 log left…') : l10n.t('{0} logs left…', left)}`;
    };
    this.#following = results.onDidChange((news) => {
      say();
      const opening = news.filter((of) => hasRows(of) && !this.#open.has(of));
      for (const of of opening) this.#open.add(of);
      // A row that becomes another one, as those do that open, or another place, is not drawn by a change of its own.
      const order = this.#order();
      const isMoved = order !== this.#drawn;
      this.#drawn = order;
      if (opening.length > 0 || isMoved) this.#changed.fire(undefined);
      else for (const row of this.#rows) if (news.includes(row.of)) this.#changed.fire(row);
    });
    this.#open.clear();
    this.#drawn = this.#order();
    say();
    this.#changed.fire(undefined);
  }

  /** Brings the view to the front, if there is anything in it. */
  async reveal(): Promise<void> {
    const [first] = this.#rows;
    if (first !== undefined) await this.#view.reveal(first, { select: false, focus: true });
  }

  /** Forgets the results. */
  clear(): void {
    this.#following?.dispose();
    this.#rows = [];
    this.#view.description = '';
    this.#view.message = '';
    this.#changed.fire(undefined);
  }

  getParent(row: SearchRow): SearchRow | undefined {
    if (row.kind === 'match') return this.#rows.find(({ of }) => of === row.of);
    return row.kind === 'devbox' && this.#isFolded && placeOf(row.of) === 'nothing' ? nothingRow : undefined;
  }

  /** Where there are results, they come first, and what has none is folded up at the end. */
  getChildren(row?: SearchRow): SearchRow[] {
    const at = (place: Place): SearchRow[] => this.#rows.filter(({ of }) => placeOf(of) === place);
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
    if (row.kind !== 'devbox') return [];
    const { of } = row;
    return [
      ...of.matches.map((match): SearchRow => ({ kind: 'match', of, match })),
      ...remarks(of).map((text): SearchRow => ({ kind: 'remark', text })),
    ];
  }

  getTreeItem(row: SearchRow): TreeItem {
    if (row.kind === 'devbox') return this.#devboxItem(row.of);
    if (row.kind === 'match') return matchItem(row.of, row.match);
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

  #order(): string {
    return this.#rows.map(({ of }) => placeOf(of)).join();
  }

  #nothingItem(): TreeItem {
    const count = this.getChildren(nothingRow).length;
    const label = count === 1 ? l10n.t('No results in 1 devbox') : l10n.t('No results in {0} devboxes', count);
    const item = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
    item.id = 'nothing';
    return item;
  }

  #devboxItem(of: DevboxMatches): TreeItem {
    const { devbox, progress } = of;
    const isEmpty = !hasRows(of);
    const place = this.#rows.filter((row) => hasRows(row.of)).findIndex((row) => row.of === of);
    const open = place < openAtOnce ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
    const item = new TreeItem(devboxLabel(devbox), isEmpty ? TreeItemCollapsibleState.None : open);
    // A row that has become one with rows below it is another one to the editor; otherwise it would stay closed.
    item.id = `${devbox.id}${isEmpty ? '' : ':open'}`;
    item.description = [statusWord(devbox.status), countText(of)].filter((text) => text !== '').join(' · ');
    item.tooltip = `${devboxLabel(devbox)} · ${oneLine(devbox.id, 40)}`;
    item.iconPath = iconOf(progress.kind);
    item.contextValue = 'logSearch.devbox';
    return item;
  }
}

/** Where a devbox stands among the others. */
type Place = 'found' | 'remarked' | 'searched' | 'nothing';

function placeOf(of: DevboxMatches): Place {
  if (of.matches.length > 0) return 'found';
  if (remarks(of).length > 0) return 'remarked';
  return of.progress.kind === 'done' ? 'nothing' : 'searched';
}

function hasRows(of: DevboxMatches): boolean {
  return of.matches.length > 0 || remarks(of).length > 0;
}

function iconOf(kind: DevboxMatches['progress']['kind']): ThemeIcon {
  switch (kind) {
    case 'waiting':
      return new ThemeIcon('clock');
    case 'reading':
      return new ThemeIcon('loading~spin');
    case 'stopped':
      return new ThemeIcon('circle-slash');
    case 'done':
      return new ThemeIcon('vm');
    case 'tooSlow':
      return new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
    case 'failed':
      return new ThemeIcon('error', new ThemeColor('list.errorForeground'));
  }
}

function countText({ matches, progress }: DevboxMatches): string {
  if (matches.length > 0) {
    const count = matches.length.toLocaleString();
    if (progress.kind === 'done' && progress.isLimited) return l10n.t('the first {0} lines', count);
    return matches.length === 1 ? l10n.t('1 line') : l10n.t('{0} lines', count);
  }
  return progress.kind === 'done' ? l10n.t('no results') : '';
}

/** What is to be said about the search in a log beside what was found. */
function remarks({ progress }: DevboxMatches): string[] {
  switch (progress.kind) {
    case 'stopped':
      return [l10n.t('The search was stopped here.')];
    case 'tooSlow':
      return [
        l10n.t(
          'The expression took too long on line {0}. The rest of this log was not searched. Use a simpler expression.',
          progress.line + 1,
        ),
      ];
    case 'failed':
      return [failureText(progress.error)];
    case 'done': {
      const cut = progress.cutLines;
      const long = l10n.t(
        'Only the first {1} characters of {0} very long lines were searched.',
        cut,
        searchedCharacters.toLocaleString(),
      );
      const limited = l10n.t('There are more results. Use a more specific search to see them all.');
      return [...(progress.isLimited ? [limited] : []), ...(cut > 0 ? [long] : [])];
    }
    default:
      return [];
  }
}

/** Characters of a line before the match that a row has room for. */
const before = 24;

function matchItem(of: DevboxMatches, match: LogMatch): TreeItem {
  // What the icon and the grey text say is left out, unless the match is in it.
  const head = /^(?:\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)\.\d{3} )?\[\w+\] (?:\[([^\]]*)\] )?/.exec(match.text);
  const headLength = head?.[0].length ?? /^ */.exec(match.text)?.[0].length ?? 0;
  const skipped = match.start >= headLength ? headLength : 0;
  const from = match.start - skipped > before * 2 ? match.start - before : skipped;
  const lead = from > skipped ? '…' : '';
  const label = `${lead}${match.text.slice(from).replaceAll('\t', ' ')}`;
  const shift = lead.length - from;
  const item = new TreeItem({ label, highlights: [[match.start + shift, match.end + shift]] });
  if (head !== null && skipped > 0) {
    item.description = [head[1], head[2]].filter((part) => part !== undefined).join(' · ');
  }
  item.tooltip = match.text;
  if (match.level === 'error') item.iconPath = new ThemeIcon('error', new ThemeColor('list.errorForeground'));
  if (match.level === 'warning') item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  const command: CommandId = 'runloop.openLogMatch';
  item.command = { command, title: l10n.t('Open Log'), arguments: [{ devboxId: of.devbox.id, line: match.line }] };
  return item;
}
