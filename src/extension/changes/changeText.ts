import { l10n, ThemeColor } from 'vscode';
import type { ChangeKind, FileChange } from '../../core/changes/compare';
import { keptBytes, type RepositoryChanges } from '../../core/changes/devboxChanges';
import { shownName } from '../../core/files/pathText';
import { timeText } from '../messages/editorsLanguage';
import { listText } from '../messages/listText';

export type GroupName = 'uncommitted' | 'sinceStart' | 'thisTurn';

/** The letter that git and the editor have for a change. */
export function changeLetter(kind: ChangeKind): string {
  const letters = {
    added: 'A',
    untracked: 'U',
    modified: 'M',
    deleted: 'D',
    renamed: 'R',
    copied: 'C',
    typeChanged: 'T',
    conflict: '!',
  } as const;
  return letters[kind];
}

/** The same as a word. */
export function changeKindWord(kind: ChangeKind): string {
  switch (kind) {
    case 'added':
      return l10n.t('added');
    case 'untracked':
      return l10n.t('untracked');
    case 'modified':
      return l10n.t('modified');
    case 'deleted':
      return l10n.t('deleted');
    case 'renamed':
      return l10n.t('renamed');
    case 'copied':
      return l10n.t('copied');
    case 'typeChanged':
      return l10n.t('type changed');
    case 'conflict':
      return l10n.t('conflict');
  }
}

/** The colour that the editor's own git has for it. */
export function changeColour(kind: ChangeKind): ThemeColor {
  const colours = {
    added: 'added',
    untracked: 'untracked',
    modified: 'modified',
    deleted: 'deleted',
    renamed: 'renamed',
    copied: 'renamed',
    typeChanged: 'modified',
    conflict: 'conflicting',
  } as const;
  return new ThemeColor(`gitDecoration.${colours[kind]}ResourceForeground`);
}

/** What is said beside a change's name: where it was, its folder, what is odd about it. */
export function changeFacts({ path, from, before, after, isHidden, isFiltered }: FileChange): readonly string[] {
  const facts: string[] = [];
  const folder = path.slice(0, Math.max(0, path.replace(/\/$/, '').lastIndexOf('/')));
  if (folder !== '') facts.push(shownName(folder));
  if (from !== undefined) facts.push(`← ${shownName(from)}`);
  const [was, is] = [before?.mode, after?.mode];
  facts.push(...modeFacts({ before, after }));
  if ((is ?? was) === '120000') facts.push(l10n.t('link'));
  if (path.endsWith('/')) facts.push(l10n.t('a repository of its own'));
  else if ((is ?? was) === '160000') facts.push(l10n.t('submodule'));
  if (after?.mode === '') facts.push(l10n.t('cannot be read'));
  if (after?.isLarge === true) {
    const isLarge = (after.size ?? 0) > keptBytes;
    facts.push(isLarge ? l10n.t('large: compared by size and time') : l10n.t('compared by size and time'));
  }
  if (isHidden) facts.push(l10n.t('hidden from git status'));
  if (isFiltered) facts.push(l10n.t('passes a filter, perhaps unchanged'));
  return facts;
}

/** What has become of the rights of a file. */
export function modeFacts({ before, after }: Pick<FileChange, 'before' | 'after'>): readonly string[] {
  const [was, is] = [before?.mode, after?.mode];
  if (was === '100644' && is === '100755') return [l10n.t('now executable')];
  return was === '100755' && is === '100644' ? [l10n.t('no longer executable')] : [];
}

/** What the row of a devbox says of its changed files. */
export function countFacts(count: number) {
  if (count === 0) return [];
  const text = count.toLocaleString();
  return [{ shown: l10n.t('{0} changed', text), spoken: l10n.t('changed files: {0}', text), isPressing: false }];
}

/** How a row of changes and their number is read out. */
export function countedLabel(label: string, count: number): string {
  return listText([label, l10n.t('changed files: {0}', count.toLocaleString())]);
}

/** What a group is called, and what is said of it. */
export function groupWords(
  group: GroupName,
  { start, turn }: RepositoryChanges['report'],
): { readonly label: string; readonly tooltip: string } {
  const time = (at: number | undefined): string => timeText(at ?? 0);
  switch (group) {
    case 'uncommitted':
      return { label: l10n.t('Uncommitted'), tooltip: l10n.t('Changes since the last commit') };
    case 'sinceStart':
      return {
        label: l10n.t('Since the Start'),
        tooltip: l10n.t('Changes since {0}: the start here, or the first view', time(start?.atMs)),
      };
    case 'thisTurn':
      return {
        label: l10n.t('This Turn'),
        tooltip: l10n.t('Changes since {0}, when an agent was last sent a prompt', time(turn?.atMs)),
      };
  }
}
