import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Prices } from '../../core/cost/prices';
import { oneLine } from '../../core/plainText';
import { containerNameKey, hasEnded, isChanging, type Devbox } from '../../core/platform/devbox';
import type { CommandId } from '../commandIds';
import { endTime } from '../devboxes/devboxStore';
import {
  costText,
  devboxName,
  endingText,
  endsAt,
  hourlyCost,
  reasonText,
  rowWords,
  shownFacts,
  sizeText,
  spokenFacts,
  statusWord,
} from '../devboxes/devboxText';

/** What a row depends on beside its devbox. */
export interface RowContext {
  readonly attached: boolean;
  /** Unix milliseconds by the server's clock. */
  readonly nowMs: number;
  readonly prices: Prices | undefined;
}

function statusIcon(status: string, attached: boolean): ThemeIcon {
  if (status === 'running') return new ThemeIcon(attached ? 'vm-active' : 'vm-running', new ThemeColor('charts.green'));
  if (status === 'failure') return new ThemeIcon('error', new ThemeColor('list.errorForeground'));
  if (status === 'suspended') return new ThemeIcon('debug-pause', new ThemeColor('charts.yellow'));
  if (hasEnded(status)) return new ThemeIcon('vm-outline', new ThemeColor('disabledForeground'));
  // A status that is not known may last for ever; nothing turns for it.
  return new ThemeIcon(isChanging(status) ? 'loading~spin' : 'question');
}

/**
 * What menus tell rows apart by: `devbox.running`, `devbox.starting` (on its way to running), `devbox.suspending`,
 * `devbox.suspended`, `devbox.ended`; of one that runs, with `.attached` where this window is attached to it, then `.idle` where it has
 * an idle rule, which can be put off.
 */
function contextValue({ status, idleRule }: Devbox, attached: boolean): string {
  if (status === 'running') {
    return `devbox.running${attached ? '.attached' : ''}${idleRule === undefined ? '' : '.idle'}`;
  }
  if (status === 'suspending' || status === 'suspended') return `devbox.${status}`;
  return hasEnded(status) ? 'devbox.ended' : 'devbox.starting';
}

/** The grey text behind the name. */
export function devboxDescription(devbox: Devbox, context: RowContext): string {
  return shownFacts(devbox, rowWords(devbox, context));
}

/**
 * One row of the tree. Its identity is the devbox, never its state, so that selection survives changes. The tooltip is
 * left out: it is made when somebody looks at it.
 */
export function devboxItem(devbox: Devbox, context: RowContext): TreeItem {
  const item = new TreeItem(devboxName(devbox), TreeItemCollapsibleState.Collapsed);
  const words = rowWords(devbox, context);
  item.id = devbox.id;
  item.iconPath = statusIcon(devbox.status, context.attached);
  item.description = shownFacts(devbox, words);
  item.contextValue = contextValue(devbox, context.attached);
  item.accessibilityInformation = { label: spokenFacts(devbox, words), role: 'treeitem' };
  // In a plain devbox something would have to be started first; a click that selects must not ask for that.
  if (devbox.status === 'running' && devbox.metadata[containerNameKey] !== undefined) {
    // Without arguments: those are forgotten when the row is drawn again, and a click in that moment would do nothing.
    const command: CommandId = 'runloop.openSelectedDevbox';
    item.command = { command, title: l10n.t('Open VS Code') };
  }
  return item;
}

/** Metadata entries that a tooltip shows. */
const metadataLines = 8;

/** Everything about a devbox, as plain text: names and metadata come from outside and must not be drawn as Markdown. */
export function devboxTooltip(devbox: Devbox, context: RowContext, blueprintName: string | undefined): string {
  const ends = endsAt(devbox);
  const ended = endTime(devbox);
  const cost = hourlyCost(devbox, context.prices);
  const reason = reasonText(devbox);
  const ending = endingText(devbox, context.nowMs);
  const size = sizeText(devbox);
  const lifetime = ends === undefined ? ending : `${ending ?? ''} (${timeText(ends)})`;
  const blueprint = blueprintName === undefined || blueprintName === '' ? devbox.blueprintId : blueprintName;
  const metadata = Object.entries(devbox.metadata).map(
    ([key, value]) => `${oneLine(key, 60)} = ${oneLine(value, 100)}`,
  );
  const lines: readonly (string | undefined)[] = [
    devbox.name === undefined ? undefined : oneLine(devbox.name, 200),
    oneLine(devbox.id, 60),
    '',
    l10n.t('Status: {0}', statusWord(devbox.status)),
    context.attached ? l10n.t('This window is attached to it.') : undefined,
    devbox.createTimeMs === undefined ? undefined : l10n.t('Started: {0}', timeText(devbox.createTimeMs)),
    ended === undefined ? undefined : l10n.t('Ended: {0}', timeText(ended)),
    reason === undefined ? undefined : l10n.t('Reason: {0}', reason),
    lifetime === undefined || lifetime === '' ? undefined : l10n.t('Ends by itself: {0}', lifetime),
    size === undefined ? undefined : l10n.t('Size: {0}', size),
    cost === undefined ? undefined : l10n.t('Cost: {0}', costText(cost)),
    blueprint === undefined ? undefined : l10n.t('Blueprint: {0}', oneLine(blueprint, 80)),
    devbox.snapshotId === undefined ? undefined : l10n.t('From snapshot: {0}', oneLine(devbox.snapshotId, 60)),
    devbox.initiatorType === undefined
      ? undefined
      : l10n.t('Made by: {0}', oneLine(`${devbox.initiatorType} ${devbox.initiatorId ?? ''}`, 80)),
    ...(metadata.length === 0 ? [] : ['', ...metadata.slice(0, metadataLines)]),
    metadata.length > metadataLines ? l10n.t('… and {0} more', metadata.length - metadataLines) : undefined,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toLocaleString();
}
