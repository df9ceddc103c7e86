import { l10n, type SourceControlResourceState, type Uri } from 'vscode';
import type { RepositoryChanges } from '../../../core/changes/devboxChanges';
import { TimeSlicer } from '../../../ground/timeSlicer';
import { shownName } from '../../../core/files/pathText';
import { fileNode, mostShown } from '../changeNodes';
import { changeFacts, changeKindWord } from '../changeText';

/** The uncommitted files of a repository as rows of Source Control; a click opens what a click on our own row opens. */
export async function resourceStates(
  devboxId: string,
  repository: RepositoryChanges,
  root: Uri,
): Promise<SourceControlResourceState[]> {
  const { top, groups } = repository;
  const states: SourceControlResourceState[] = [];
  const slicer = new TimeSlicer(16);
  for (const change of groups.uncommitted.slice(0, mostShown)) {
    if (slicer.isDue) await slicer.rest();
    const path = change.path.replace(/\/$/, '');
    const about = { repository, group: 'uncommitted', changes: [change], isFile: true } as const;
    states.push({
      resourceUri: root.with({ path: `${top === '/' ? '' : top}/${path}` }),
      decorations: {
        strikeThrough: change.kind === 'deleted',
        tooltip: [shownName(path), changeKindWord(change.kind), ...changeFacts(change)].join('\n'),
      },
      command: {
        command: 'runloop.openAllChanges',
        title: l10n.t('Open Change'),
        arguments: [fileNode('', about, { devboxId })],
      },
    });
  }
  return states;
}
