import type { TreeItem, Uri } from 'vscode';
import type { RuntimeError } from '../../core/errors';
import { attentionGroup, groupPageSize, pageOf, type Arrangement, type Group } from './order/arrangement';
import type { DevboxDetail } from './look/detailItem';

/** What the view shows one line for. The same thing is always the same object: the editor knows rows by identity. */
export type Row =
  | DevboxRow
  | GroupRow
  | PageRow
  | MoreRow
  | DetailRow
  | NoticeRow
  | FilesRow
  | FileRow
  | BranchRow
  | StartRow
  | PortsRow
  | PortRow;

export interface DevboxRow {
  readonly kind: 'devbox';
  /** The devbox's id; commands find the devbox by it. */
  readonly id: string;
}

export interface GroupRow {
  readonly kind: 'group';
  readonly key: string;
}

/**
 * A further page of a group, with its devboxes below it. The editor makes all children of a row at once and anew at
 * every change: a group with thousands would block it.
 */
export interface PageRow {
  readonly kind: 'page';
  readonly group: string;
  /** 1 for the second page; the first one's devboxes are directly below the group. */
  readonly page: number;
}

/** "Load more…" at the end of a group. */
export interface MoreRow {
  readonly kind: 'more';
  readonly group: string;
}

/** One fact below a devbox. */
export interface DetailRow {
  readonly kind: 'detail';
  readonly devboxId: string;
  readonly detail: DevboxDetail;
}

/** "Files" below a running devbox. */
export interface FilesRow {
  readonly kind: 'files';
  readonly devboxId: string;
  /** The folder whose files they are, as far as is known before somebody looks; `~` is the home of the devbox's user. */
  folder: string;
}

export type FileBranch = 'workspace' | 'root';

/** A file or folder of a devbox. */
export interface FileRow {
  readonly kind: 'file';
  readonly devboxId: string;
  readonly uri: Uri;
  /** Where it hangs: below the workspace, or below `/`, where the workspace is as well. */
  readonly branch: FileBranch;
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
  /** A pipe, socket or device; or a link to one, or to nothing. */
  readonly isSpecial: boolean;
}

/** A row of another feature, which draws it and knows what is below it. */
export interface BranchRow {
  readonly kind: 'branch';
  readonly devboxId: string;
  /** Whether it stands right below its devbox. */
  readonly isTop: boolean;
  readonly item: () => TreeItem;
  readonly below: () => Promise<readonly BranchRow[]>;
  /** Somebody has opened it in the view. */
  readonly opened: () => void;
}

/** A create of unknown outcome. */
export interface StartRow {
  readonly kind: 'start';
  readonly requestId: string;
}

/** "Ports" below a running devbox. */
export interface PortsRow {
  readonly kind: 'ports';
  readonly devboxId: string;
}

/** A port of a devbox that something listens on, or that is forwarded. */
export interface PortRow {
  readonly kind: 'port';
  readonly devboxId: string;
  readonly port: number;
  /** Listened on for the devbox alone: nothing leads there. */
  readonly isLocal: boolean;
  readonly isListening: boolean;
  readonly addresses: readonly string[];
  readonly process: { readonly pid: number; readonly name: string } | undefined;
  /** The port of this computer that leads there. */
  readonly localPort: number | undefined;
}

/** A line above the groups: why the list is old, or that the filter hides everything. */
export interface NoticeRow {
  readonly kind: 'notice';
  readonly notice: { readonly failure: RuntimeError } | 'nothingMatches';
}

/** Gives the same object for the same devbox, group and "more". */
export class RowRegistry {
  readonly #devboxes = new Map<string, DevboxRow>();
  readonly #groups = new Map<string, GroupRow>();
  readonly #pages = new Map<string, PageRow>();
  readonly #mores = new Map<string, MoreRow>();
  readonly #starts = new Map<string, StartRow>();

  devbox(id: string): DevboxRow {
    return remembered(this.#devboxes, id, () => ({ kind: 'devbox', id }));
  }

  group(key: string): GroupRow {
    return remembered(this.#groups, key, () => ({ kind: 'group', key }));
  }

  page(group: string, page: number): PageRow {
    return remembered(this.#pages, `${page}/${group}`, () => ({ kind: 'page', group, page }));
  }

  more(group: string): MoreRow {
    return remembered(this.#mores, group, () => ({ kind: 'more', group }));
  }

  /**
   * The rows below a group: the devboxes of its first page, its further pages, and "Load more".
   *
   * @param isMoreElsewhere true if the server has devboxes of this group that are not known yet
   */
  ofGroup(group: Group, isMoreElsewhere: boolean): Row[] {
    const pages = Math.ceil(group.shown.length / groupPageSize);
    const starts = (group.lost ?? []).map(({ requestId }) =>
      remembered(this.#starts, requestId, (): StartRow => ({ kind: 'start', requestId })),
    );
    return [
      ...starts,
      ...this.ofPage(group, 0),
      ...Array.from({ length: Math.max(0, pages - 1) }, (_, index) => this.page(group.key, index + 1)),
      ...(isMoreElsewhere || group.total > group.shown.length + starts.length ? [this.more(group.key)] : []),
    ];
  }

  /** The devboxes on one page of a group. */
  ofPage(group: Group, page: number): Row[] {
    return pageOf(group, page).map((id) => this.devbox(id));
  }

  /** The row above a row; undefined for those that are at the top, and for what is not shown. */
  parentOf(row: Row, { groups, groupOf }: Arrangement): Row | undefined {
    if (row.kind === 'detail' || row.kind === 'files' || row.kind === 'ports') return this.devbox(row.devboxId);
    if (row.kind === 'branch' && row.isTop) return this.devbox(row.devboxId);
    if (row.kind === 'more' || row.kind === 'page') return this.group(row.group);
    if (row.kind === 'start') return this.group(attentionGroup);
    const key = row.kind === 'devbox' ? groupOf.get(row.id) : undefined;
    const group = groups.find((candidate) => candidate.key === key);
    if (group === undefined || row.kind !== 'devbox') return undefined;
    const page = Math.floor(group.shown.indexOf(row.id) / groupPageSize);
    return page > 0 ? this.page(group.key, page) : this.group(group.key);
  }

  /**
   * The rows that are drawn again: groups with all that is below them, and single devboxes of others.
   *
   * @param group one more group
   */
  toRedraw(
    redraw: { readonly groups: readonly string[]; readonly devboxes: readonly string[] },
    { groupOf }: Arrangement,
    group?: string,
  ): Row[] {
    const groups = new Set(group === undefined ? redraw.groups : [...redraw.groups, group]);
    return [
      ...[...groups].map((key) => this.group(key)),
      ...redraw.devboxes.filter((id) => !groups.has(groupOf.get(id) ?? '')).map((id) => this.devbox(id)),
    ];
  }

  /** Forgets devboxes that are not listed any more. */
  forget(ids: Iterable<string>): void {
    for (const id of ids) this.#devboxes.delete(id);
  }
}

function remembered<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
