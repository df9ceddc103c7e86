import { ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import type { FileChange } from '../../core/changes/compare';
import type { RepositoryChanges } from '../../core/changes/devboxChanges';
import { shownName } from '../../core/files/pathText';
import type { GroupName } from './changeText';

/** What a row of changes is about; a command takes it. */
export interface NodeChanges {
  readonly repository: RepositoryChanges;
  readonly group: GroupName | undefined;
  readonly changes: readonly FileChange[];
  /** Whether it is the row of one file. */
  readonly isFile?: boolean;
  /** Whether nothing of it is left to be marked as seen. */
  readonly isSeen?: boolean;
}

/** A row of changes. The same thing is always the same row: the editor knows rows by identity. */
export class ChangeNode {
  readonly kind = 'branch';
  readonly devboxId: string;
  readonly isTop: boolean;
  readonly item: () => TreeItem;
  readonly below: () => Promise<readonly ChangeNode[]>;
  readonly opened: () => void;
  /** What commands act on; undefined for lines that only say something. */
  readonly about: NodeChanges | undefined;
  /** The folder of the repository whose comments it is a row of, where it is one of those alone. */
  readonly reviewed: string | undefined;

  constructor(
    devboxId: string,
    {
      item,
      below = () => [],
      opened = () => undefined,
      about,
      reviewed,
      isTop = false,
    }: {
      readonly item: () => TreeItem;
      readonly below?: () => Promise<readonly ChangeNode[]> | readonly ChangeNode[];
      readonly opened?: () => void;
      readonly about?: NodeChanges | undefined;
      readonly reviewed?: string;
      /** Whether it stands right below its devbox: what is below changes then; else it is made once. */
      readonly isTop?: boolean;
    },
  ) {
    this.devboxId = devboxId;
    this.isTop = isTop;
    this.item = item;
    let made: Promise<readonly ChangeNode[]> | undefined;
    this.below = async () => (isTop ? below() : (made ??= Promise.resolve(below())));
    this.opened = opened;
    this.about = about;
    this.reviewed = reviewed;
  }
}

/** A line that only says something. */
export function noteNode(
  devboxId: string,
  key: string,
  label: string,
  description: string,
  icon: 'warning' | 'info' | 'ellipsis' | 'check',
): ChangeNode {
  return new ChangeNode(devboxId, {
    item: () => {
      const item = new TreeItem(label);
      item.id = `${devboxId}/changes note ${key}`;
      item.description = description;
      item.tooltip = description === '' ? label : `${label}: ${description}`;
      item.iconPath =
        icon === 'warning' ? new ThemeIcon(icon, new ThemeColor('list.warningForeground')) : new ThemeIcon(icon);
      return item;
    },
  });
}

/** The last name of a path, as it is shown. */
export function repositoryName(path: string): string {
  return shownName(path.slice(path.lastIndexOf('/') + 1) || '/');
}
