import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import { searchedCharacters } from '../../core/logs/search/lineSearch';
import { mostMatches, type LogMatch } from '../../core/logs/search/searchLogs';
import { oneLine } from '../../core/safeText';
import type { Devbox } from '../../core/platform/devbox';
import type { CommandId } from '../commandIds';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { failureText } from '../messages/showFailure';
import type { SearchSection, SearchGroup, SearchLine } from '../searchView/searchSource';

/** How far the search in one devbox's log is. */
export type Progress =
  | { readonly kind: 'waiting' | 'reading' | 'stopped' }
  | { readonly kind: 'done'; readonly lines: number; readonly cutLines: number; readonly isLimited: boolean }
  | { readonly kind: 'tooSlow'; readonly line: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What was found in the log of one devbox. */
export class DevboxMatches implements SearchGroup {
  readonly devbox: Devbox;
  readonly matches: LogMatch[] = [];
  readonly lines: SearchLine[] = [];
  progress: Progress = { kind: 'waiting' };

  constructor(devbox: Devbox) {
    this.devbox = devbox;
  }

  get key(): string {
    return this.devbox.id;
  }

  get section(): SearchSection {
    if (this.matches.length > 0) return 'found';
    if (this.remarks.length > 0) return 'remarked';
    return this.progress.kind === 'done' ? 'nothing' : 'searched';
  }

  get remarks(): readonly string[] {
    return remarksOf(this);
  }

  add(matches: readonly LogMatch[]): void {
    const more = matches.slice(0, mostMatches - this.matches.length);
    this.matches.push(...more);
    this.lines.push(...more.map((match) => ({ item: () => matchItem(this, match) })));
  }

  item(): TreeItem {
    const { devbox, progress } = this;
    const item = new TreeItem(devboxLabel(devbox));
    item.description = [statusWord(devbox.status), countText(this)].filter((text) => text !== '').join(' · ');
    item.tooltip = `${devboxLabel(devbox)} · ${oneLine(devbox.id, 40)}`;
    item.iconPath = iconOf(progress.kind);
    item.contextValue = 'logSearch.devbox';
    return item;
  }
}

function iconOf(kind: Progress['kind']): ThemeIcon {
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
function remarksOf({ progress }: DevboxMatches): string[] {
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
        'Of very long lines ({0}), only the first {1} characters were searched.',
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
