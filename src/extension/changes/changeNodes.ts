import { l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState, type Uri } from 'vscode';
import { hasGit, type FileChange } from '../../core/changes/compare';
import type { RepositoryChanges } from '../../core/changes/devboxChanges';
import type { ReviewThread } from '../../core/changes/review/reviewThread';
import { RuntimeError } from '../../core/errors';
import { shownName } from '../../core/files/pathText';
import { listText } from '../messages/listText';
import { failureText } from '../messages/showFailure';
import { sideAddress } from './changeAddress';
import { ChangeNode, noteNode, repositoryName, type NodeChanges } from './changeNode';
import { changeFacts, changeKindWord, countedLabel, groupWords, type GroupName } from './changeText';
import type { DevboxState } from './devboxLook';
import { commentNodes, lostComments } from './review/commentNodes';
import { countFacts, UnsentComments } from './review/unsentComments';

/** The most files of a group that are shown: the editor makes all rows at once. */
export const mostShown = 2_000;

export interface NodeContext {
  readonly devboxId: string;
  /** Changes that are marked as seen. */
  readonly seen: ReadonlySet<FileChange>;
  /** What was said of its changes. */
  readonly threads: readonly ReviewThread[];
}

/** The rows below "Changes". */
export function repositoryNodes(state: DevboxState, context: NodeContext): readonly ChangeNode[] {
  const { devboxId } = context;
  const place = placesOf(state);
  const nodes = state.repositories.map((one) => {
    if ('found' in one) {
      const isOnly = state.repositories.length === 1;
      return repositoryNode(one.found, { place: place(one.top), isOnly, root: state.root }, context);
    }
    // Nothing is wrong with a folder that is large.
    const isLarge = RuntimeError.is(one.failure, 'file') && one.failure.problem.id === 'changes_folder_many';
    const icon = isLarge ? 'info' : 'warning';
    const said = [...place(one.top), failureText(one.failure)].join(' · ');
    return noteNode(devboxId, `${one.top}/failed`, repositoryName(one.top), said, icon);
  });
  if (nodes.length === 0) {
    const label = l10n.t('No git repositories');
    const none = noteNode(devboxId, 'none', label, l10n.t('in {0}', shownName(state.root.path)), 'info');
    nodes.push(none);
  }
  return [...nodes, ...lostComments(context.threads, state, devboxId), ...notReadNodes(state, devboxId)];
}

/** What says that there are, or may be, other repositories. */
function notReadNodes({ notRead, isCut = false }: DevboxState, devboxId: string): readonly ChangeNode[] {
  const more = l10n.t('{0} more', notRead.toLocaleString());
  const cut = [l10n.t('Not all folders were searched'), l10n.t('that took too long')] as const;
  return [
    ...(notRead === 0 ? [] : [noteNode(devboxId, 'more', more, l10n.t('not read, as there are many'), 'ellipsis')]),
    ...(isCut ? [noteNode(devboxId, 'cut', ...cut, 'info')] : []),
  ];
}

/** What tells repositories of one name apart: the folder that they are in, where that is not the one that was looked in. */
function placesOf({ root, repositories }: DevboxState): (top: string) => readonly string[] {
  const names = repositories.map(({ top }) => repositoryName(top));
  return (top) => {
    const folder = top.slice(root.path === '/' ? 1 : root.path.length + 1, Math.max(0, top.lastIndexOf('/')));
    return folder === '' || names.filter((name) => name === repositoryName(top)).length < 2 ? [] : [shownName(folder)];
  };
}

function repositoryNode(
  repository: RepositoryChanges,
  { place, isOnly, root }: { readonly place: readonly string[]; readonly isOnly: boolean; readonly root: Uri },
  context: NodeContext,
): ChangeNode {
  const { devboxId } = context;
  const { top, report, groups } = repository;
  const { uncommitted, sinceStart, thisTurn = [] } = groups;
  const isRepository = hasGit(report);
  const known = new Map(uncommitted.map((change) => [change.path, change]));
  for (const change of [...(sinceStart ?? []), ...thisTurn]) {
    if (!known.has(change.path)) known.set(change.path, change);
  }
  const unsent = new UnsentComments(context.threads, top);
  return new ChangeNode(devboxId, {
    about: { repository, group: undefined, changes: [...known.values()] },
    item: () => {
      const isCalm = known.size === 0 && !isOnly;
      const { Collapsed, Expanded } = TreeItemCollapsibleState;
      const item = new TreeItem(repositoryName(top), isCalm ? Collapsed : Expanded);
      // Another row, as the editor would keep one closed in which something differs by now.
      item.id = `${devboxId}/changes${isCalm ? ':' : ''}${top}`;
      item.iconPath = new ThemeIcon(isRepository ? 'repo' : 'folder');
      const branch = report.branch === '' ? report.head.slice(0, 8) : shownName(report.branch);
      const facts = [isRepository ? branch : l10n.t('no git'), ...place, ...countFacts(unsent.count)];
      item.description = facts.join(' · ');
      item.tooltip = shownName(top);
      // The editor would read out the tooltip alone.
      item.accessibilityInformation = { label: listText([repositoryName(top), ...facts]) };
      if (!isRepository) {
        item.tooltip = `${shownName(top)}\n${l10n.t('Without git: compared with how it was at the start, by size, time and content.')}`;
      }
      // A folder without git is none for Source Control.
      const plain = isRepository ? '' : '.plain';
      item.contextValue = `changes.repository${known.size > 0 ? '' : '.clean'}${plain}`;
      return item;
    },
    below: () => {
      const nodes = [
        ...groupNode(repository, 'uncommitted', uncommitted, { ...context, unsent }),
        ...groupNode(repository, 'sinceStart', sinceStart ?? [], { ...context, unsent }),
        ...groupNode(repository, 'thisTurn', thisTurn, { ...context, unsent }),
      ];
      const others = unsent.besides([...uncommitted, ...(sinceStart ?? []), ...thisTurn]);
      const said = commentNodes(l10n.t('Comments on Other Files'), others, { devboxId, top, root });
      if (sinceStart === undefined && (report.head !== '' || !isRepository)) {
        const label = l10n.t('Changes since the start are not known');
        nodes.push(noteNode(devboxId, `${top}/start`, label, l10n.t('no space for them in the devbox'), 'info'));
      }
      if (nodes.length === 0) nodes.push(noteNode(devboxId, `${top}/clean`, l10n.t('No changes'), '', 'check'));
      return [...nodes, ...said];
    },
  });
}

function groupNode(
  repository: RepositoryChanges,
  group: GroupName,
  all: readonly FileChange[],
  { devboxId, seen, unsent }: NodeContext & { readonly unsent: UnsentComments },
): ChangeNode[] {
  if (all.length === 0) return [];
  const { top, report } = repository;
  const [unseen, marked] = [all.filter((change) => !seen.has(change)), all.filter((change) => seen.has(change))];
  const prefix = `${devboxId}/changes${top}/${group}`;
  const about = { repository, group };
  const isOpen = group === 'uncommitted' || repository.groups.uncommitted.length === 0;
  const files = (changes: readonly FileChange[], isSeen = false): ChangeNode[] => {
    const nodes = changes
      .slice(0, mostShown)
      .map((change) => fileNode(prefix, { ...about, changes: [change], isFile: true, isSeen }, { devboxId, unsent }));
    if (changes.length <= mostShown) return nodes;
    const more = l10n.t('{0} more', (changes.length - mostShown).toLocaleString());
    return [...nodes, noteNode(devboxId, `${top}/${group}/more`, more, '', 'ellipsis')];
  };
  return [
    new ChangeNode(devboxId, {
      about: { ...about, changes: unseen.length > 0 ? unseen : all },
      item: () => {
        const state = isOpen ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
        const { label, tooltip } = groupWords(group, report);
        const item = new TreeItem(label, state);
        item.id = prefix;
        item.description = unseen.length.toLocaleString();
        item.tooltip = tooltip;
        item.accessibilityInformation = { label: countedLabel(label, unseen.length) };
        item.contextValue = unseen.length > 0 ? 'changes.group' : 'changes.group.seen';
        return item;
      },
      below: () => [
        ...files(unseen),
        ...(marked.length === 0
          ? []
          : [
              new ChangeNode(devboxId, {
                about: { ...about, changes: marked },
                item: () => {
                  const item = new TreeItem(l10n.t('Seen'), TreeItemCollapsibleState.Collapsed);
                  item.id = `${prefix}/ seen`;
                  item.description = marked.length.toLocaleString();
                  item.accessibilityInformation = { label: countedLabel(l10n.t('Seen'), marked.length) };
                  item.iconPath = new ThemeIcon('eye');
                  item.contextValue = 'changes.seen';
                  return item;
                },
                below: () => files(marked, true),
              }),
            ]),
      ],
    }),
  ];
}

/** The row of one file. @param prefix what its id begins with */
export function fileNode(
  prefix: string,
  about: NodeChanges,
  { devboxId, unsent }: { readonly devboxId: string; readonly unsent?: UnsentComments },
): ChangeNode {
  const [change] = about.changes;
  const node: ChangeNode = new ChangeNode(devboxId, {
    about,
    item: () => {
      const path = change?.path ?? '';
      const label = repositoryName(path.replace(/\/$/, ''));
      const item = new TreeItem(label);
      item.id = `${prefix}/${path}`;
      if (change === undefined) return item;
      const facts = [...changeFacts(change), ...(unsent?.factsOf(change) ?? [])];
      const folder = shownName(path.slice(0, Math.max(0, path.replace(/\/$/, '').lastIndexOf('/'))));
      item.description = facts.join(' · ');
      // The theme's icon for a file of this name, and the letter and colour of `changeDocuments.ts`.
      const { top } = about.repository;
      item.resourceUri = sideAddress('row', { devboxId, top, path, side: undefined, kind: change.kind });
      item.iconPath = ThemeIcon.File;
      // The editor adds the word of the decoration.
      item.tooltip = [shownName(path), ...facts.filter((fact) => fact !== folder)].join('\n');
      item.accessibilityInformation = { label: listText([label, changeKindWord(change.kind), ...facts]) };
      const where = about.group === 'uncommitted' ? 'changes.file.uncommitted' : 'changes.file';
      item.contextValue = about.isSeen === true ? `${where}.seen` : where;
      item.command = { command: 'runloop.openAllChanges', title: l10n.t('Open Change'), arguments: [node] };
      return item;
    },
  });
  return node;
}
