import { TreeItem, TreeItemCollapsibleState, type ThemeIcon } from 'vscode';
import type { Devbox } from '../../../core/platform/devbox';
import type { CommandId } from '../../commandIds';

/** One fact below a devbox. Texts are safe to show as they are. */
export interface DevboxDetail {
  readonly key: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: ThemeIcon;
  readonly command?: CommandId;
}

/** The row of a detail. */
export function detailItem(devbox: Devbox | undefined, devboxId: string, detail: DevboxDetail): TreeItem {
  const item = new TreeItem(detail.label, TreeItemCollapsibleState.None);
  const text = detail.description ?? '';
  item.id = `${devboxId}/${detail.key}`;
  item.iconPath = detail.icon;
  item.description = text;
  item.tooltip = text === '' ? detail.label : `${detail.label}\n${text}`;
  item.contextValue = 'detail';
  item.accessibilityInformation = { label: text === '' ? detail.label : `${detail.label}, ${text}` };
  if (detail.command !== undefined && devbox !== undefined) {
    item.command = { command: detail.command, title: detail.label, arguments: [devbox] };
  }
  return item;
}
