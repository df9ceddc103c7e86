import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { oneLine } from '../../core/plainText';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import type { CommandId } from '../commandIds';

/** The name a devbox goes by: its own, else the beginning of its id. Safe to show as it is. */
export function devboxLabel(devbox: Devbox): string {
  const name = oneLine(devbox.name ?? '', 60);
  return name === '' ? oneLine(devbox.id, 16) : name;
}

function statusIcon(status: string, attached: boolean): ThemeIcon {
  if (status === 'running') return new ThemeIcon(attached ? 'vm-active' : 'vm-running', new ThemeColor('charts.green'));
  if (status === 'failure') return new ThemeIcon('error', new ThemeColor('errorForeground'));
  if (hasEnded(status) || status === 'suspended') return new ThemeIcon('vm-outline');
  return new ThemeIcon('loading~spin');
}

/** The status as a word of the editor's language; one that is not known yet is shown as the API sent it. */
export function statusWord(status: string): string {
  switch (status) {
    case 'running':
      return l10n.t('running');
    case 'provisioning':
      return l10n.t('provisioning');
    case 'initializing':
      return l10n.t('initializing');
    case 'queued':
    case 'scheduled':
      return l10n.t('queued');
    case 'resuming':
      return l10n.t('resuming');
    default:
      return oneLine(status, 40);
  }
}

/** How long ago a time in Unix milliseconds was, in one short word. */
export function ageText(sinceMs: number, nowMs: number): string {
  const minutes = Math.max(0, Math.floor((nowMs - sinceMs) / 60_000));
  if (minutes < 1) return l10n.t('just now');
  if (minutes < 60) return l10n.t('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return l10n.t('{0} h {1} min', hours, minutes % 60);
  return l10n.t('{0} days', Math.floor(hours / 24));
}

/**
 * One row of the tree. Its identity is the devbox, never its state, so that selection survives changes; its tooltip
 * is plain text, as names come from outside.
 */
export function devboxItem(devbox: Devbox, attached: boolean, nowMs: number): TreeItem {
  const item = new TreeItem(devboxLabel(devbox), TreeItemCollapsibleState.None);
  // "Attached" says "running" as well; both words would not fit into a side bar.
  const status = attached && devbox.status === 'running' ? l10n.t('attached') : statusWord(devbox.status);
  const age = devbox.createTimeMs === undefined ? undefined : ageText(devbox.createTimeMs, nowMs);
  item.id = devbox.id;
  item.iconPath = statusIcon(devbox.status, attached);
  item.description = age === undefined ? status : `${status} · ${age}`;
  item.contextValue = `devbox.${devbox.status === 'running' ? 'running' : 'starting'}`;
  item.tooltip = tooltip(devbox, attached);
  item.accessibilityInformation = {
    label: l10n.t(
      'Devbox {0}, {1}, age: {2}',
      devboxLabel(devbox),
      attached ? l10n.t('{0}, attached', statusWord(devbox.status)) : statusWord(devbox.status),
      age ?? l10n.t('unknown'),
    ),
  };
  if (devbox.status === 'running') {
    const command: CommandId = 'runloop.openVscode';
    item.command = { command, title: l10n.t('Open VS Code'), arguments: [devbox] };
  }
  return item;
}

function tooltip(devbox: Devbox, attached: boolean): string {
  const ends =
    devbox.keepAliveSeconds === undefined || devbox.createTimeMs === undefined
      ? undefined
      : new Date(devbox.createTimeMs + devbox.keepAliveSeconds * 1000).toLocaleString();
  return [
    devbox.name === undefined ? undefined : oneLine(devbox.name, 200),
    devbox.id,
    l10n.t('Status: {0}', statusWord(devbox.status)),
    attached ? l10n.t('This window is attached to it.') : undefined,
    devbox.size === undefined ? undefined : l10n.t('Size: {0}', oneLine(devbox.size, 40)),
    devbox.createTimeMs === undefined ? undefined : l10n.t('Started: {0}', new Date(devbox.createTimeMs).toLocaleString()),
    ends === undefined ? undefined : l10n.t('Ends by itself: {0}', ends),
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}
