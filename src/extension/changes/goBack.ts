import { l10n, window } from 'vscode';
import { discardable } from '../../core/changes/discard';
import { saysYes } from '../messages/ask';
import { escapeForEditor } from '../messages/escapeForEditor';
import { meantRepository, type ChangeCommandServices } from './changeCommands';
import { discardIntoStash, lossLines } from './discardChanges';
import { inProgress } from './inProgress';

/** Puts the files that changed in this turn back to how they were before it, in place, after a word on what is lost. */
export async function goBack(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const repository = await meantRepository(services, argument);
  if (repository === undefined) return;
  const { top, name, look } = repository;
  const reading = l10n.t('Reading what changed in this turn in {0}…', escapeForEditor(name));
  const { plan, meant, hasCommits } = await inProgress(reading, look, async (signal) => {
    const { groups, report } = await look.changes.read(top, signal);
    const paths = (groups.thisTurn ?? []).flatMap(({ path, from }) => (from === undefined ? [path] : [path, from]));
    const of = { top, paths, to: 'turn' } as const;
    const none = { state: '', lost: [], staying: [] };
    const found = paths.length === 0 ? none : await discardable(look.changes, { ...of, signal });
    return { plan: found, meant: of, hasCommits: report.turn !== undefined && report.turn.head !== report.head };
  });
  if (plan.lost.length === 0) {
    await window.showInformationMessage(
      l10n.t('Nothing in {0} can go back: nothing changed in this turn.', escapeForEditor(name)),
    );
    return;
  }
  const question = l10n.t('Go back to before this turn in {0}? Files: {1}', name, plan.lost.length.toLocaleString());
  const detail = [
    ...lossLines(plan),
    ...(hasCommits ? [l10n.t('Commits made in this turn stay in their branch.')] : []),
    l10n.t(
      'This happens in place, in this devbox. What the files are now is kept in a new stash of the repository there.',
    ),
    l10n.t('An agent that is still working can change them again.'),
  ].join('\n');
  if (!(await saysYes({ question, detail, yes: l10n.t('Go Back') }))) return;
  await discardIntoStash(repository, {
    title: l10n.t('Going back in {0}…', escapeForEditor(name)),
    meant,
    plan,
    commandFor: (stash) => `git stash show -p --include-untracked ${stash}`,
    done: (command) =>
      l10n.t(
        'The files in {0} are as they were before this turn. Its newest stash keeps what they were. To see it, run in the devbox: {1}',
        escapeForEditor(name),
        command,
      ),
  });
}
