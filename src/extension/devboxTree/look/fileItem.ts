import { l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { shownName } from '../../../core/files/pathText';
import type { FileRow, FilesRow } from '../rows';

/** The row "Files" of a devbox. */
export function filesItem({ devboxId, folder }: FilesRow): TreeItem {
  const item = new TreeItem(l10n.t('Files'), TreeItemCollapsibleState.Collapsed);
  const shown = shownName(folder);
  item.id = `${devboxId}/files`;
  item.description = shown;
  item.tooltip = folder === '~' ? l10n.t('Files in the home folder') : l10n.t('Files in {0}', shown);
  item.accessibilityInformation = { label: item.tooltip };
  item.iconPath = new ThemeIcon('files');
  item.contextValue = 'files';
  return item;
}

/** The row of a file or folder. Its name is the devbox's: plain text, on one line. */
export function fileItem({ devboxId, uri, branch, name, isFolder, isLink, isSpecial }: FileRow): TreeItem {
  const label = shownName(name);
  const item = new TreeItem(label, isFolder ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
  item.id = `${devboxId}/${branch}${uri.path}`;
  // The theme's icon for a file of this name.
  item.resourceUri = uri;
  item.iconPath = isFolder ? ThemeIcon.Folder : ThemeIcon.File;
  item.contextValue = name === '/' ? 'file.root' : isFolder ? 'file.folder' : 'file.file';
  const odd = oddKind(isLink, isSpecial);
  if (odd !== undefined) item.description = odd;
  item.tooltip = [shownName(uri.path), ...(odd === undefined ? [] : [odd])].join('\n');
  const kind = isFolder ? l10n.t('folder') : l10n.t('file');
  item.accessibilityInformation = { label: `${label}, ${odd ?? kind}` };
  if (!isFolder) item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [uri] };
  return item;
}

/** What a row is, unless it is a plain file or folder. */
function oddKind(isLink: boolean, isSpecial: boolean): string | undefined {
  if (isLink) return isSpecial ? l10n.t('link to no file') : l10n.t('link');
  return isSpecial ? l10n.t('device, pipe or socket') : undefined;
}
