import { env, l10n, window } from 'vscode';
import { discard, discardable, type Discardable, type Meant } from '../../core/changes/discard';
import { shownName } from '../../core/files/pathText';
import { saysYes } from '../messages/ask';
import { escapeForEditor } from '../messages/escapeForEditor';
import { listText } from '../messages/listText';
import { meantRepository, type ChangeCommandServices, type MeantRepository } from './changeCommands';
import { inProgress } from './inProgress';

/** Files that a question names, and those that stay. */
const toldFiles = 12;
const toldStaying = 5;

/** Puts a file, or all that is not committed, back to the last commit, after a word on what is lost and where it is kept. */
export async function discardChanges(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const repository = await meantRepository(services, argument);
  if (repository === undefined) return;
  const { top, name, look, about } = repository;
  const meant = { top, paths: about.isFile === true ? about.changes.map(({ path }) => path) : [] };
  const reading = l10n.t('Reading what would be discarded in {0}…', escapeForEditor(name));
  const plan = await inProgress(reading, look, (signal) => discardable(look.changes, { ...meant, signal }));
  const [first] = plan.lost;
  if (first === undefined) {
    await window.showInformationMessage(
      [l10n.t('There is nothing to discard in {0}.', escapeForEditor(name)), ...stayingLines(plan)].join(' '),
    );
    return;
  }
  const question =
    plan.lost.length === 1
      ? l10n.t('Discard the changes to {0} in {1}?', bothNames(first), name)
      : l10n.t('Discard the changes to {0} files in {1}?', plan.lost.length.toLocaleString(), name);
  if (!(await saysYes({ question, detail: detailOf(plan), yes: l10n.t('Discard Changes') }))) return;
  await discardIntoStash(repository, {
    title: l10n.t('Discarding changes in {0}…', escapeForEditor(name)),
    meant,
    plan,
    commandFor: (stash) => `git stash apply --index ${stash}`,
    done: (command) =>
      l10n.t(
        'The changes in {0} were discarded. Its newest stash keeps them. To get them back, run in the devbox: {1}',
        escapeForEditor(name),
        command,
      ),
  });
}

interface StashedDiscard {
  /** Of its progress. */
  readonly title: string;
  readonly meant: Omit<Meant, 'signal'>;
  readonly plan: Discardable;
  /** What shows in a shell what the stash keeps. */
  readonly commandFor: (stash: string) => string;
  /** What is said when it is done. */
  readonly done: (command: string) => string;
}

/** Discards what was looked at, which stays in a new stash of the repository, and offers the command for that. */
export async function discardIntoStash(
  { devboxId, top, look, changes }: MeantRepository,
  { title, meant, plan, commandFor, done }: StashedDiscard,
): Promise<void> {
  // Half-way is no place to stop.
  const act = (signal: AbortSignal): Promise<string> =>
    discard(look.changes, { ...meant, state: plan.state, devboxId, signal });
  const stash = await inProgress(title, look, act, false);
  await changes.look(devboxId, new Set([top]));
  const command = commandFor(stash.slice(0, 12));
  const copy = l10n.t('Copy Command');
  const answer = await window.showInformationMessage(done(command), copy);
  if (answer === copy) await env.clipboard.writeText(command);
}

function detailOf(plan: Discardable): string {
  return [...lossLines(plan), l10n.t('All of it is kept in a new stash of the repository in the devbox.')].join('\n');
}

/** What a question names of what would be lost, and of what stays. */
export function lossLines(plan: Discardable): readonly string[] {
  const { lost } = plan;
  const lines = lost.slice(0, toldFiles).map(({ path, kind, from }) => {
    const shown = shownName(path);
    if (from !== undefined) return l10n.t('• {0} (was moved from {1}, will go back)', shown, shownName(from));
    if (kind === 'untracked') return l10n.t('• {0} (untracked, will be deleted)', shown);
    if (kind === 'added') return l10n.t('• {0} (added, will be deleted)', shown);
    return kind === 'deleted' ? l10n.t('• {0} (deleted, will come back)', shown) : `• ${shown}`;
  });
  if (lost.length > toldFiles) lines.push(l10n.t('… and {0} more', lost.length - toldFiles));
  const untracked = lost.filter(({ kind }) => kind === 'untracked').length;
  // Those that are named say so themselves.
  if (untracked > 0 && lost.length > toldFiles) {
    lines.push('', l10n.t('Untracked files among them: {0}', untracked.toLocaleString()));
  }
  lines.push('', ...stayingLines(plan));
  return lines;
}

/** What a file is called, and where it was moved from. */
function bothNames({ path, from }: Discardable['lost'][number]): string {
  return from === undefined ? shownName(path) : `${shownName(from)} → ${shownName(path)}`;
}

/** What is not discarded though it differs. */
function stayingLines({ staying }: Discardable): readonly string[] {
  if (staying.length === 0) return [];
  const names = staying.slice(0, toldStaying).map(shownName);
  const shown = listText(staying.length > toldStaying ? [...names, '…'] : names);
  return [
    l10n.t(
      'Submodules, filtered files, hidden edits, unreadable files and large files that were not kept stay as they are: {0}',
      shown,
    ),
  ];
}
