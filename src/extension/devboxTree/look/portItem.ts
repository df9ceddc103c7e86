import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { actionServerPort, vscodePort } from '../../../core/actionServer/startupCommand';
import { containerNameKey, type Devbox } from '../../../core/platform/devbox';
import { listText } from '../../messages/listText';
import type { PortRow, PortsRow } from '../rows';

/** The row "Ports" of a devbox: who can use them from outside. */
export function portsItem({ devboxId }: PortsRow, devbox: Devbox | undefined): TreeItem {
  const item = new TreeItem(l10n.t('Ports'), TreeItemCollapsibleState.Collapsed);
  const isOpen = devbox?.tunnel?.authMode === 'open';
  item.id = `${devboxId}/ports`;
  item.iconPath = isOpen
    ? new ThemeIcon('globe', new ThemeColor('list.warningForeground'))
    : new ThemeIcon('radio-tower');
  if (isOpen) item.description = l10n.t('open to anyone with the address');
  else if (devbox?.tunnel !== undefined) item.description = l10n.t('token required');
  item.contextValue = isOpen ? 'ports.open' : 'ports';
  const said = typeof item.description === 'string' ? [l10n.t('Ports'), item.description] : [l10n.t('Ports')];
  // Beside the buttons there is no room for it in a narrow view.
  item.tooltip = said.join('\n');
  item.accessibilityInformation = { label: listText(said) };
  return item;
}

/** The row of a port. What its process calls itself is the devbox's: plain text, on one line. */
export function portItem(row: PortRow, devbox: Devbox | undefined): TreeItem {
  const { devboxId, port, isLocal, isListening, localPort, process, addresses } = row;
  const item = new TreeItem(l10n.t('Port {0}', port), TreeItemCollapsibleState.None);
  const facts = [
    localPort === undefined ? undefined : `localhost:${localPort}`,
    isLocal ? l10n.t('listens on localhost only; bind to 0.0.0.0') : undefined,
    isListening ? undefined : l10n.t('nothing is listening now'),
    usualName(port, devbox),
    process?.name,
  ].filter((fact): fact is string => fact !== undefined && fact !== '');
  item.id = `${devboxId}/port${port}`;
  item.iconPath = new ThemeIcon(isLocal ? 'circle-slash' : localPort === undefined ? 'plug' : 'arrow-swap');
  item.description = facts.join(' · ');
  item.tooltip = [
    l10n.t('Port {0}', port),
    ...facts,
    ...(process === undefined ? [] : [l10n.t('Process: {0}', process.pid)]),
    ...(addresses.length === 0 ? [] : [l10n.t('Listens on: {0}', listText(addresses))]),
  ].join('\n');
  item.contextValue = localPort !== undefined ? 'port.forwarded' : isLocal ? 'port.local' : 'port';
  if (item.contextValue !== 'port.local') {
    item.command = { command: 'runloop.openPort', title: l10n.t('Open'), arguments: [row] };
  }
  item.accessibilityInformation = { label: listText([l10n.t('Port {0}', port), ...facts]) };
  return item;
}

/** What OpenHands' runtimes have on a port. */
function usualName(port: number, devbox: Devbox | undefined): string | undefined {
  if (devbox?.metadata[containerNameKey] === undefined) return undefined;
  if (port === vscodePort) return l10n.t('VS Code');
  return port === actionServerPort ? l10n.t('Action server') : undefined;
}
