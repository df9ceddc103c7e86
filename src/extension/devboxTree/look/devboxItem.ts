import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { containerNameKey, hasEnded, isChanging, type Devbox } from '../../../core/platform/devbox';
import type { CommandId } from '../../commandIds';
import { devboxName } from '../../devboxes/devboxText';
import { isServerDown, shownFacts, spokenFacts, type RowContext } from './rowText';
import { shortName } from './shortName';

function statusIcon(devbox: Devbox, context: RowContext): ThemeIcon {
  const { status } = devbox;
  // By its shape: high contrast themes have no colours for icons.
  if (isServerDown(devbox, context)) return new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  if (status === 'running') {
    return new ThemeIcon(context.attached ? 'vm-active' : 'vm-running', new ThemeColor('charts.green'));
  }
  if (status === 'failure') return new ThemeIcon('error', new ThemeColor('list.errorForeground'));
  if (status === 'suspended') return new ThemeIcon('debug-pause', new ThemeColor('charts.yellow'));
  if (hasEnded(status)) return new ThemeIcon('vm-outline', new ThemeColor('disabledForeground'));
  // A status that is not known may last for ever; nothing turns for it.
  return new ThemeIcon(isChanging(status) ? 'loading~spin' : 'question');
}

/**
 * What menus tell rows apart by: `devbox.running`, `devbox.starting` (on its way to running), `devbox.suspending`,
 * `devbox.suspended`, `devbox.ended`; then, in this order, `.attached` where this window is attached to it, `.idle` where it
 * has an idle rule, which can be put off, `.pinned`, and `.attention` where there is something to dismiss.
 */
function contextValue({ status, idleRule }: Devbox, { attached, isPinned, attention }: RowContext): string {
  const lasting = status === 'running' || status === 'suspending' || status === 'suspended';
  const words = [
    lasting ? status : hasEnded(status) ? 'ended' : 'starting',
    status === 'running' && attached ? 'attached' : undefined,
    status === 'running' && idleRule !== undefined ? 'idle' : undefined,
    isPinned ? 'pinned' : undefined,
    attention === undefined ? undefined : 'attention',
  ];
  return ['devbox', ...words.filter((word) => word !== undefined)].join('.');
}

/**
 * One row of the tree. Its identity is the devbox, never its state, so that selection survives changes. The tooltip is
 * left out: it is made when somebody looks at it.
 */
export function devboxItem(devbox: Devbox, context: RowContext): TreeItem {
  const item = new TreeItem(shortName(devboxName(devbox)), TreeItemCollapsibleState.Collapsed);
  item.id = devbox.id;
  item.iconPath = statusIcon(devbox, context);
  item.description = shownFacts(devbox, context);
  item.contextValue = contextValue(devbox, context);
  item.accessibilityInformation = { label: spokenFacts(devbox, context), role: 'treeitem' };
  // In a plain devbox something would have to be started first; a click that selects must not ask for that.
  if (devbox.status === 'running' && devbox.metadata[containerNameKey] !== undefined) {
    // Without arguments: those are forgotten when the row is drawn again, and a click in that moment would do nothing.
    const command: CommandId = 'runloop.openSelectedDevbox';
    item.command = { command, title: l10n.t('Open VS Code') };
  }
  return item;
}
