import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { oneLine } from '../../../core/safeText';
import type { CommandId } from '../../commandIds';
import { failureText } from '../../messages/showFailure';
import {
  attentionGroup,
  groupPageSize,
  noValue,
  otherValues,
  pageOf,
  type Group,
  type Grouping,
} from '../order/arrangement';
import { costText } from '../../devboxes/devboxText';
import { listText } from '../../messages/listText';
import { shortCost, spokenCost } from './rowText';
import type { MoreRow, NoticeRow, PageRow } from '../rows';
import type { LostStart } from '../order/news';
import { shortName } from './shortName';

function groupLabel(group: Group, grouping: Grouping, blueprintName: (id: string) => string | undefined): string {
  if (group.value === attentionGroup) return l10n.t('Needs Attention');
  if (group.value === noValue) {
    if (grouping.by === 'blueprint') return l10n.t('No Blueprint');
    if (grouping.by === 'metadata') return l10n.t('Without "{0}"', oneLine(grouping.key, 60));
    return l10n.t('Unknown Creator');
  }
  if (group.value === otherValues) return l10n.t('Other Values');
  if (grouping.by === 'status') {
    if (group.value === 'suspended') return l10n.t('Suspended');
    return group.value === 'ended' ? l10n.t('Ended in the Last Day') : l10n.t('Active');
  }
  const value = oneLine(grouping.by === 'blueprint' ? (blueprintName(group.value) ?? group.value) : group.value, 80);
  return value === '' ? l10n.t('(empty)') : value;
}

/**
 * The row of a group: what its devboxes have in common, how many they are and what they cost.
 *
 * @param options.areMore true if the account has more of them than are loaded
 */
export function groupItem(
  group: Group,
  grouping: Grouping,
  options: {
    readonly blueprintName: (id: string) => string | undefined;
    readonly hourlyCost: number;
    readonly areMore: boolean;
  },
): TreeItem {
  const label = groupLabel(group, grouping, options.blueprintName);
  const state =
    group.value === 'ended' && grouping.by === 'status'
      ? TreeItemCollapsibleState.Collapsed
      : TreeItemCollapsibleState.Expanded;
  const item = new TreeItem(label, state);
  const { hourlyCost, areMore } = options;
  const cost = hourlyCost > 0 ? ` · ${costText(hourlyCost, areMore)}` : '';
  item.id = `group:${group.key}`;
  const total = `${group.total}${areMore ? '+' : ''}`;
  item.description = `${total}${hourlyCost > 0 ? ` · ${shortCost(hourlyCost, areMore)}` : ''}`;
  item.tooltip = `${label}\n${l10n.t('Devboxes: {0}', total)}${cost}`;
  item.contextValue = group.value === attentionGroup ? 'group.attention' : 'group';
  if (group.value === attentionGroup) item.iconPath = new ThemeIcon('bell-dot');
  const said = areMore
    ? l10n.t('Group {0}, devboxes: {1} or more', label, group.total)
    : l10n.t('Group {0}, devboxes: {1}', label, group.total);
  item.accessibilityInformation = {
    label: listText(hourlyCost > 0 ? [said, spokenCost(hourlyCost, areMore)] : [said]),
  };
  return item;
}

/** The row of a further page of a group; it opens by itself, as somebody asked for it. */
export function pageItem(row: PageRow, group: Group): TreeItem {
  const first = row.page * groupPageSize + 1;
  const label = l10n.t('{0} to {1}', first, first + pageOf(group, row.page).length - 1);
  const item = new TreeItem(label, TreeItemCollapsibleState.Expanded);
  item.id = `page:${row.page}/${row.group}`;
  item.contextValue = 'page';
  item.accessibilityInformation = { label: l10n.t('Devboxes {0}', label) };
  return item;
}

/** The row that shows more of a group. */
export function moreItem(row: MoreRow, hidden: number): TreeItem {
  const item = new TreeItem(l10n.t('Load more…'), TreeItemCollapsibleState.None);
  const command: CommandId = 'runloop.loadMoreDevboxes';
  item.id = `more:${row.group}`;
  item.iconPath = new ThemeIcon('ellipsis');
  item.description = hidden > 0 ? l10n.t('{0} more', hidden) : l10n.t('the account has more');
  item.command = { command, title: l10n.t('Load more…'), arguments: [row] };
  return item;
}

/** The row of a create of which nobody knows what came of it. */
export function startItem({ requestId, name, kind }: LostStart): TreeItem {
  const whole = oneLine(name, 60);
  const item = new TreeItem(shortName(whole), TreeItemCollapsibleState.None);
  const command: CommandId = 'runloop.refreshDevboxes';
  const text =
    kind === 'awaited'
      ? l10n.t('The start of devbox {0} was interrupted. No devbox of it was found so far.', whole)
      : l10n.t('The start of devbox {0} was interrupted, and it is not known whether it is running.', whole);
  item.id = `start:${requestId}`;
  item.iconPath = new ThemeIcon('question', new ThemeColor('list.warningForeground'));
  item.description = l10n.t('start unconfirmed');
  item.tooltip = `${text}\n${l10n.t('Click to check again.')}`;
  item.contextValue = 'start';
  item.accessibilityInformation = { label: text, role: 'treeitem' };
  item.command = { command, title: l10n.t('Check Again') };
  return item;
}

/** The row that tells why there are no rows, or old ones. */
export function noticeItem({ notice }: NoticeRow): TreeItem {
  if (notice === 'nothingMatches') {
    const item = new TreeItem(l10n.t('No devbox matches the filter'), TreeItemCollapsibleState.None);
    const command: CommandId = 'runloop.clearFilter';
    item.id = 'runloop.nothingMatches';
    item.description = l10n.t('click to clear');
    item.iconPath = new ThemeIcon('filter');
    item.command = { command, title: l10n.t('Clear Filter') };
    return item;
  }
  const text = failureText(notice.failure);
  const item = new TreeItem(l10n.t('The list could not be refreshed'), TreeItemCollapsibleState.None);
  const command: CommandId = 'runloop.refreshDevboxes';
  item.id = 'runloop.failure';
  item.description = text;
  item.tooltip = l10n.t('{0}\nClick to try again.', text);
  item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  item.accessibilityInformation = { label: `${l10n.t('The list could not be refreshed')}, ${text}` };
  item.command = { command, title: l10n.t('Try Again') };
  return item;
}
