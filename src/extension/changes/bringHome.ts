import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { l10n, ProgressLocation, Uri, window, workspace } from 'vscode';
import { openClone, receiveBundle, type Arrival } from '../../core/changes/home/clone';
import { fetchBundle } from '../../core/changes/home/devboxBundle';
import type { RepositoryChanges } from '../../core/changes/devboxChanges';
import { RuntimeError } from '../../core/errors';
import { apiTransfer } from '../../core/files/fileTransfer';
import { shownName } from '../../core/files/pathText';
import { changesProblem } from '../../core/problems/changes';
import { linkSignals } from '../../ground/deadline';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxName } from '../devboxes/devboxText';
import { saysYes } from '../messages/ask';
import { withSignal } from '../messages/cancellation';
import { inertText } from '../messages/inertText';
import { listText } from '../messages/listText';
import { repositoryName } from './changeNodes';
import { meantNodes, type ChangeCommandServices } from './changeCommands';
import type { DevboxLook } from './devboxLook';

/** Odd names that a question tells. */
const toldNames = 5;

export type BringHomeServices = ChangeCommandServices & { readonly store: Pick<DevboxStore, 'get'> };

/** Brings the commits of a devbox's repository into a new branch of a clone on this computer, after a look at what comes. */
export async function bringCommitsHome(services: BringHomeServices, argument: unknown): Promise<void> {
  const [node] = meantNodes(argument, undefined);
  const look = node === undefined ? undefined : (await services.changes()).lookOf(node.devboxId);
  if (node?.about === undefined || look === undefined) return;
  const { repository } = node.about;
  const name = repositoryName(repository.top);
  const folder = await chosenClone(name);
  if (folder === undefined) return;
  const devbox = services.store.get(node.devboxId);
  const box = devbox === undefined ? node.devboxId : devboxName(devbox);
  const temporary = await mkdtemp(join(tmpdir(), 'runloop-bundle-'));
  try {
    const title = l10n.t('Fetching the commits of {0}…', inertText(name));
    const arrival = await inProgress(title, look, async (signal) => {
      const now = await look.changes.read(repository.top, signal);
      return arrive(look, now, { devboxId: node.devboxId, folder, file: join(temporary, 'bundle'), signal });
    });
    if (arrival === undefined) {
      await window.showInformationMessage(l10n.t('{0} has no commits that the clone does not have.', inertText(name)));
      return;
    }
    try {
      await preview(arrival, look, { name, folder, branch: branchName(box, repository.report.branch) });
    } finally {
      await arrival.dispose();
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Saves what differs as a patch. */
export async function saveChangesPatch(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const [node] = meantNodes(argument, undefined);
  const look = node === undefined ? undefined : (await services.changes()).lookOf(node.devboxId);
  if (node?.about === undefined || look === undefined) return;
  const { repository, group } = node.about;
  const name = repositoryName(repository.top);
  const defaultUri = Uri.file(join(homedir(), `${name.replaceAll(/[^\w.-]/g, '-')}.patch`));
  const target = await window.showSaveDialog({ defaultUri, filters: { [l10n.t('Patch')]: ['patch', 'diff'] } });
  if (target === undefined) return;
  await inProgress(l10n.t('Saving the changes in {0}…', inertText(name)), look, async (signal) => {
    const patch = await look.changes.patch(repository.top, group === 'sinceStart' ? 'start' : 'head', signal);
    await (target.scheme === 'file' ? writeFile(target.fsPath, patch) : workspace.fs.writeFile(target, patch));
  });
  await window.showInformationMessage(
    l10n.t('The changes in {0} were saved. "git apply" takes them.', inertText(name)),
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
    question: l10n.t('Create a branch with {0} commits of {1} in {2}?', arrival.commits, name, basename(folder)),
    detail: detailOf(arrival, branch),
    yes: l10n.t('Create Branch'),
    harmless: arrival.oddNames.length === 0 && arrival.files !== undefined,
  });
  if (!isYes) return;
  const made = await inProgress(l10n.t('Creating the branch {0}…', branch), look, (signal) =>
    arrival.bring(branch, signal),
  );
  await window.showInformationMessage(
    l10n.t('The branch {0} was created in {1}. Nothing was checked out.', made, inertText(basename(folder))),
  );
}

function detailOf({ commits, subjects, oddNames, files }: Arrival, branch: string): string {
  const lines = subjects.map((subject) => `• ${subject}`);
  if (commits > subjects.length) lines.push('• …');
  lines.push('', l10n.t('Branch: {0}', branch));
  lines.push(
    files === undefined
      ? l10n.t('They have no history in common with the commit that is checked out there.')
      : l10n.t('Files that differ from where the histories part: {0}', files),
  );
  const names = (fault: Arrival['oddNames'][number]['fault']): string => {
    const all = oddNames.filter((one) => one.fault === fault).map(({ path }) => shownName(path));
    return listText(all.length > toldNames ? [...all.slice(0, toldNames), '…'] : all);
  };
  const [links, submodules, windows] = [names('linkOut'), names('submodule'), names('windows')];
  if (links !== '') lines.push(l10n.t('Links that lead out of the repository: {0}', links));
  if (submodules !== '') lines.push(l10n.t('Submodules, whose commits do not come along: {0}', submodules));
  if (windows !== '') lines.push(l10n.t('Names that Windows cannot hold: {0}', windows));
  lines.push('', l10n.t('Your files, your index and your other branches stay as they are.'));
  return lines.join('\n');
}

/** A folder of the workspace, or one that is chosen. */
async function chosenClone(name: string): Promise<string | undefined> {
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const other = l10n.t('Choose Another Folder…');
  if (folders.length > 0) {
    const items = [
      ...folders.map((folder) => ({
        label: inertText(folder.name),
        description: folder.uri.fsPath,
        path: folder.uri.fsPath,
      })),
      { label: other, description: '', path: undefined },
    ];
    const placeHolder = l10n.t('Select the clone that gets the commits of {0}', name);
    const chosen = await window.showQuickPick(items, { placeHolder });
    if (chosen === undefined || chosen.path !== undefined) return chosen?.path;
  }
  const title = l10n.t('Select the clone that gets the commits of {0}', name);
  const [uri] = (await window.showOpenDialog({ title, canSelectFiles: false, canSelectFolders: true })) ?? [];
  return uri?.scheme === 'file' ? uri.fsPath : undefined;
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

async function inProgress<T>(
  title: string,
  { signal: ofAccount }: DevboxLook,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    (_progress, token) =>
      withSignal(token, async (given) => {
        const either = linkSignals(given, ofAccount);
        try {
          return await work(either.signal);
        } finally {
          either.dispose();
        }
      }),
  );
}
