import { l10n, type SourceControlResourceState, type Uri } from 'vscode';
import type { RepositoryChanges } from '../../../core/changes/devboxChanges';
import { shownName } from '../../../core/files/pathText';
import { fileNode, mostShown } from '../changeNodes';
import { changeFacts, changeKindWord } from '../changeText';

/** The uncommitted files of a repository as rows of Source Control; a click opens what a click on our own row opens. */
export function resourceStates(
  devboxId: string,
  repository: RepositoryChanges,
  root: Uri,
): readonly SourceControlResourceState[] {
  const { top, groups } = repository;
  return groups.uncommitted.slice(0, mostShown).map((change) => {
    const path = change.path.replace(/\/$/, '');
    const about = { repository, group: 'uncommitted', changes: [change], isFile: true } as const;
    return {
      resourceUri: root.with({ path: `${top === '/' ? '' : top}/${path}` }),
      decorations: {
        strikeThrough: change.kind === 'deleted',
        tooltip: [shownName(path), changeKindWord(change.kind), ...changeFacts(change)].join('\n'),
      },
      command: {
        command: 'runloop.openAllChanges',
        title: l10n.t('Open Change'),
        arguments: [fileNode('', about, devboxId)],
      },
    };
  });
}
