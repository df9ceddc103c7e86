import { l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState, type Uri } from 'vscode';
import type { ReviewThread } from '../../../core/changes/review/reviewThread';
import { shownName } from '../../../core/files/pathText';
import { listText } from '../../messages/listText';
import { ChangeNode, repositoryName } from '../changeNode';
import type { DevboxState } from '../devboxLook';
import { countFacts, countOf, UnsentComments, wordsOf, type CommentedFile } from './unsentComments';

/** The row of unsent comments that no diff shows, with the files that they are on; none without such. */
export function commentNodes(
  label: string,
  files: readonly CommentedFile[],
  { devboxId, top, root }: { readonly devboxId: string; readonly top: string; readonly root: Uri },
): readonly ChangeNode[] {
  if (files.length === 0) return [];
  const id = `${devboxId}/changes comments ${top}`;
  const count = countOf(files.flatMap(({ threads }) => threads));
  return [
    new ChangeNode(devboxId, {
      reviewed: top,
      item: () => {
        const item = row(label, id, countFacts(count), TreeItemCollapsibleState.Collapsed);
        item.iconPath = new ThemeIcon('comment-discussion');
        item.tooltip = `${label}\n${l10n.t('No diff shows them: these files do not differ any more, or are not there.')}`;
        item.contextValue = 'changes.comments';
        return item;
      },
      below: () => files.map((file) => fileNode(file, { devboxId, id, root: fileOf(root, top, file) })),
    }),
  ];
}

/** Rows for unsent comments on repositories that were not found any more. */
export function lostComments(
  threads: readonly ReviewThread[],
  { root, repositories }: DevboxState,
  devboxId: string,
): readonly ChangeNode[] {
  const found = new Set(repositories.flatMap((one) => ('found' in one ? [one.top] : [])));
  const lost = [...new Set(threads.map(({ top }) => top))].filter((top) => !found.has(top)).sort();
  return lost.flatMap((top) => {
    const files = new UnsentComments(threads, top).besides([]);
    return commentNodes(l10n.t('Comments on {0}', repositoryName(top)), files, { devboxId, top, root });
  });
}

function fileNode(
  file: CommentedFile,
  { devboxId, id, root }: { readonly devboxId: string; readonly id: string; readonly root: Uri },
): ChangeNode {
  return new ChangeNode(devboxId, {
    item: () => {
      const item = row(repositoryName(file.path), `${id}/${file.path}`, countFacts(countOf(file.threads)));
      item.iconPath = new ThemeIcon('comment');
      // A string, not Markdown: what a devbox wrote is in it.
      item.tooltip = `${shownName(file.path)}\n\n${wordsOf(file)}`;
      if (file.isWork) item.command = { command: 'vscode.open', title: l10n.t('Open File'), arguments: [root] };
      return item;
    },
  });
}

function row(label: string, id: string, facts: readonly string[], state = TreeItemCollapsibleState.None): TreeItem {
  const item = new TreeItem(label, state);
  item.id = id;
  item.description = facts.join(' · ');
  // The editor would read out the tooltip alone.
  item.accessibilityInformation = { label: listText([label, ...facts]) };
  return item;
}

function fileOf(root: Uri, top: string, { path }: CommentedFile): Uri {
  return root.with({ path: `${top === '/' ? '' : top}/${path}` });
}
