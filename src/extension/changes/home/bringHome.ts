import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { l10n, Uri, window, workspace } from 'vscode';
import { openClone, receiveBundle, type Arrival } from '../../../core/changes/home/clone';
import { hasGit, isFolderStart } from '../../../core/changes/compare';
import { fetchBundle } from '../../../core/changes/home/devboxBundle';
import { writePatch } from '../../../core/changes/home/patchFile';
import { removed, temporaryFolder } from '../../../core/changes/home/scratch';
import type { RepositoryChanges } from '../../../core/changes/devboxChanges';
import { RuntimeError } from '../../../core/errors';
import { apiTransfer } from '../../../core/files/fileTransfer';
import { changesProblem } from '../../../core/problems/changes';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { devboxName } from '../../devboxes/devboxText';
import { saysYes } from '../../messages/ask';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { repositoryName } from '../changeNode';
import { meantNodes, meantRepository, type ChangeCommandServices } from '../changeCommands';
import { bringChangesHome } from './bringChangesHome';
import { chosenClone, oddLines } from './clonePreview';
import { discardChanges } from '../discardChanges';
import { goBack } from '../goBack';
import type { DevboxLook } from '../devboxLook';
import { sendChanges } from './sendChanges';
import { inProgress } from '../inProgress';

export type BringHomeServices = ChangeCommandServices & { readonly store: Pick<DevboxStore, 'get'> };

/** Asks where what was done in a devbox goes, and takes it there. For one file there is only to discard it. */
export async function bringHome(services: BringHomeServices, argument: unknown): Promise<void> {
  const [node] = meantNodes(argument, undefined);
  if (node?.about === undefined) return;
  const { repository, group, isFile } = node.about;
  if (isFile === true) {
    await discardChanges(services, node);
    return;
  }
  const name = repositoryName(repository.top);
  const isRepository = hasGit(repository.report);
  const discarding = {
    label: l10n.t('Discard Uncommitted Changes…'),
    detail: l10n.t('Back to the last commit. A stash in the devbox keeps them.'),
    move: discardChanges,
  };
  const goingBack = {
    label: l10n.t('Go Back to Before This Turn…'),
    detail: l10n.t('Puts the files back in place, in this devbox. A stash there keeps what they are now.'),
    move: goBack,
  };
  const sending = {
    label: l10n.t('Send My Changes to the Devbox…'),
    detail: l10n.t('What a clone has beyond the devbox, as uncommitted changes there.'),
    move: sendChanges,
  };
  const { uncommitted, sinceStart = [] } = repository.groups;
  const isUncommitted = uncommitted.length > 0;
  const patching = {
    label: l10n.t('Changes into a Patch File…'),
    detail:
      group !== undefined
        ? l10n.t('Of this group. For "git apply".')
        : isUncommitted
          ? l10n.t('What is uncommitted. For "git apply".')
          : l10n.t('What differs since the start. For "git apply".'),
    move: saveChangesPatch,
  };
  const staging = {
    label: l10n.t('Uncommitted Changes into a Clone…'),
    detail: l10n.t('Staged in its working tree, if it is clean and they fit.'),
    move: bringChangesHome,
  };
  const ofGit = [
    {
      label: l10n.t('Commits into a New Branch…'),
      detail: l10n.t('Keeps their hashes. Nothing is checked out.'),
      move: bringCommitsHome,
    },
    ...(isUncommitted ? [staging] : []),
    ...(isUncommitted || sinceStart.length > 0 ? [patching] : []),
    ...(group === undefined ? [sending] : []),
    ...(group === 'thisTurn' ? [goingBack] : []),
    ...((group ?? 'uncommitted') === 'uncommitted' && isUncommitted ? [discarding] : []),
  ];
  // Without git there are no commits, and no stash that would keep what is discarded.
  const ways = isRepository ? ofGit : [patching];
  const chosen = await window.showQuickPick(ways, { placeHolder: l10n.t('Select what to do with {0}', name) });
  await chosen?.move(services, node);
}

/** Brings the commits of a devbox's repository into a new branch of a clone on this computer, after a look at what comes. */
async function bringCommitsHome(services: BringHomeServices, argument: unknown): Promise<void> {
  const meant = await meantRepository(services, argument);
  if (meant === undefined) return;
  const { devboxId, top, name, look } = meant;
  const folder = await chosenClone(l10n.t('Select the clone that gets the commits of {0}', name));
  if (folder === undefined) return;
  const devbox = services.store.get(devboxId);
  const box = devbox === undefined ? devboxId : devboxName(devbox);
  const temporary = await temporaryFolder('bundle');
  try {
    const title = l10n.t('Fetching the commits of {0}…', escapeForEditor(name));
    const arrival = await inProgress(title, look, async (signal) => {
      const now = await look.changes.read(top, signal);
      return arrive(look, now, { devboxId, folder, file: join(temporary, 'bundle'), signal });
    });
    if (arrival === undefined) {
      await window.showInformationMessage(
        l10n.t('{0} has no commits that the clone does not have.', escapeForEditor(name)),
      );
      return;
    }
    try {
      await preview(arrival, look, { name, folder, branch: branchName(box, meant.about.repository.report.branch) });
    } finally {
      await arrival.dispose();
    }
  } finally {
    await removed(temporary);
  }
}

/** Saves what differs as a patch. */
async function saveChangesPatch(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const meant = await meantRepository(services, argument);
  if (meant === undefined) return;
  const { name, look } = meant;
  const { repository, group } = meant.about;
  const defaultUri = Uri.file(join(homedir(), `${name.replaceAll(/[^\w.-]/g, '-')}.patch`));
  const title = l10n.t('Changes into a Patch File…');
  const target = await window.showSaveDialog({ title, defaultUri, filters: { [l10n.t('Patch')]: ['patch', 'diff'] } });
  if (target === undefined) return;
  const { top, report, groups } = repository;
  // Of a whole repository, what is uncommitted, or else what was committed here.
  const side = group ?? (groups.uncommitted.length > 0 ? 'uncommitted' : 'sinceStart');
  const against = ({ uncommitted: 'head', sinceStart: 'start', thisTurn: 'turn' } as const)[side];
  const isSaved = await inProgress(
    l10n.t('Saving the changes in {0}…', escapeForEditor(name)),
    look,
    async (signal) => {
      const patch = await (hasGit(report) && !(against === 'start' && isFolderStart(report))
        ? look.changes.patch(top, against, signal)
        : look.changes.folderPatch(top, against === 'turn' ? 'turn' : 'start', signal));
      // Git takes no empty one.
      if (patch.length === 0) return false;
      await (target.scheme === 'file' ? writePatch(target.fsPath, patch) : workspace.fs.writeFile(target, patch));
      return true;
    },
  );
  const shown = escapeForEditor(name);
  await window.showInformationMessage(
    isSaved
      ? l10n.t('The changes in {0} were saved. Apply them with "git apply".', shown)
      : l10n.t('{0} has no such changes any more, so no patch was saved.', shown),
  );
}

async function arrive(
  look: DevboxLook,
  repository: RepositoryChanges,
  { devboxId, folder, file, signal }: { devboxId: string; folder: string; file: string; signal: AbortSignal },
): Promise<Arrival | undefined> {
  const clone = await openClone(folder, signal);
  const { format, head } = repository.report;
  if (clone.format !== format) {
    const formats = { local: clone.format, remote: format };
    throw new RuntimeError({ problem: changesProblem('home_other_format', formats), devboxId });
  }
  if (head === '') {
    const name = repositoryName(repository.top);
    throw new RuntimeError({ problem: changesProblem('home_no_commit', { name }), devboxId });
  }
  const context = { changes: look.changes, transfer: apiTransfer(look.api), devboxId };
  const commits = await fetchBundle(context, repository, { known: clone.known, file, signal });
  return commits === 0 ? undefined : receiveBundle(clone, { file, head, signal });
}

/** Says what would come and makes the branch if it is wanted. */
async function preview(
  arrival: Arrival,
  look: DevboxLook,
  { name, folder, branch }: { readonly name: string; readonly folder: string; readonly branch: string },
): Promise<void> {
  const isYes = await saysYes({
    question:
      arrival.commits === 1
        ? l10n.t('Create a branch with 1 commit of {0} in {1}?', name, basename(folder))
        : l10n.t('Create a branch with {0} commits of {1} in {2}?', arrival.commits, name, basename(folder)),
    detail: detailOf(arrival, branch),
    yes: l10n.t('Create Branch'),
    harmless: arrival.oddNames.length === 0 && arrival.files !== undefined,
  });
  if (!isYes) return;
  const made = await inProgress(l10n.t('Creating the branch {0}…', branch), look, (signal) =>
    arrival.bring(branch, signal),
  );
  await window.showInformationMessage(
    l10n.t('The branch {0} was created in {1}. Nothing was checked out.', made, escapeForEditor(basename(folder))),
  );
}

function detailOf({ commits, subjects, oddNames, hasCommit, files }: Arrival, branch: string): string {
  const lines = subjects.map((subject) => `• ${subject}`);
  if (commits > subjects.length) lines.push('• …');
  lines.push('', l10n.t('Branch: {0}', branch));
  lines.push(
    !hasCommit
      ? l10n.t('No commit is checked out there yet, so there is nothing to compare them with.')
      : files === undefined
        ? l10n.t('They have no history in common with the commit checked out there.')
        : l10n.t('Files changed since the histories diverged: {0}', files),
  );
  lines.push(...oddLines(oddNames));
  lines.push('', l10n.t('Your files, your index and your other branches stay as they are.'));
  return lines.join('\n');
}

/** A name of a branch that git takes and a person recognises. */
function branchName(box: string, branch: string): string {
  const word = (text: string): string =>
    text
      .replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-')
      .replaceAll(/\.{2,}|^[.-]+|[.-]+$|\.lock$/g, '')
      .slice(0, 60);
  return `runloop/${[word(box), word(branch)].filter((part) => part !== '').join('-') || 'devbox'}`;
}
