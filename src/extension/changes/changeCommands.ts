import { commands, l10n, window, type Uri } from 'vscode';
import type { FileChange } from '../../core/changes/compare';
import { shownName } from '../../core/files/pathText';
import { accountChanged } from '../account/accountChanged';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import { sideAddress } from './changeAddress';
import { ChangeNode, repositoryName, type NodeChanges } from './changeNode';
import { groupWords, modeFacts } from './changeText';
import type { Changes } from './changes';
import type { DevboxLook } from './devboxLook';

/** The most files that the editor shows beside each other. */
const mostAtOnce = 200;

export interface ChangeCommandServices {
  readonly changes: () => Promise<Changes>;
}

/**
 * Shows all changes of a row beside each other. A single one is a diff of its own: its side of the folder is the file itself where
 * that is text, so that it can be edited.
 */
export async function openChanges(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const [node] = meantNodes(argument, undefined);
  const about = node?.about;
  if (node === undefined || about === undefined) return;
  const changes = await services.changes();
  const [change, ...others] = about.changes;
  if (change === undefined) return;
  if (others.length === 0) {
    await openDiff(changes, node, { about, change });
    return;
  }
  const shown = about.changes.slice(0, mostAtOnce);
  const resources = shown.flatMap((one): (readonly [Uri, Uri | undefined, Uri | undefined])[] => {
    const addresses = sides(changes, node, about, one);
    if (addresses === undefined) return [];
    const { left, right, file } = addresses;
    // The editor shows none of them if one has no side, as a file that both sides of a conflict moved away.
    const isMade = one.before === undefined && one.after !== undefined;
    return [[file, isMade ? undefined : left, one.after === undefined ? undefined : right]];
  });
  if (resources.length === 0) return;
  const { repository, group } = about;
  const title = [
    l10n.t('Changes in {0}', repositoryName(repository.top)),
    ...(group === undefined ? [] : [groupWords(group, repository.report).label]),
  ];
  const opening = commands.executeCommand('vscode.changes', title.join(' · '), resources);
  if (about.changes.length > mostAtOnce) {
    // Not only once the editor has read them all, which takes a while.
    const [first, all] = [mostAtOnce, about.changes.length.toLocaleString()];
    const said = window.showInformationMessage(l10n.t('The first {0} of {1} changed files are shown.', first, all));
    await Promise.all([opening, said]);
  }
  await opening;
}

async function openDiff(
  changes: Changes,
  node: ChangeNode,
  { about, change }: { readonly about: NodeChanges; readonly change: FileChange },
): Promise<void> {
  const addresses = sides(changes, node, about, change);
  if (addresses === undefined) return;
  const { left, right, file } = addresses;
  const isText = await whenSlow(
    async () => (change.after?.mode.startsWith('100') === true ? changes.inEditor.documents.isText(right) : false),
    { title: l10n.t('Waiting for the devbox…'), limitMs: listLimitMs },
  );
  await commands.executeCommand('vscode.diff', left, isText ? file : right, titleOf(about, change));
}

/** Opens the repository of a row in the editor's Source Control. */
export async function openInSourceControl(services: ChangeCommandServices, argument: unknown): Promise<void> {
  const [node] = meantNodes(argument, undefined);
  if (node !== undefined) await (await services.changes()).inEditor.sourceControls.open(node);
}

/** Hides changes in their rows until they change again. */
export function markChangesSeen(services: ChangeCommandServices, ...rows: readonly unknown[]): Promise<void> {
  return markChanges(services, rows, true);
}

/** Takes that back. */
export function markChangesUnseen(services: ChangeCommandServices, ...rows: readonly unknown[]): Promise<void> {
  return markChanges(services, rows, false);
}

async function markChanges(
  services: ChangeCommandServices,
  [argument, all]: readonly unknown[],
  isSeen: boolean,
): Promise<void> {
  const nodes = meantNodes(argument, all);
  const changes = await services.changes();
  for (const devboxId of new Set(nodes.map((node) => node.devboxId))) {
    const meant = nodes.filter((node) => node.devboxId === devboxId).flatMap(({ about }) => about ?? []);
    await changes.markSeen(devboxId, meant.flatMap(allGroups), isSeen);
  }
}

/** The same files of all groups of a repository, as what is seen in one is seen in the others. */
function allGroups(about: NodeChanges): NodeChanges[] {
  const { repository, changes } = about;
  const paths = new Set(changes.map(({ path }) => path));
  const { uncommitted, sinceStart = [], thisTurn = [] } = repository.groups;
  return [{ ...about, changes: [...uncommitted, ...sinceStart, ...thisTurn].filter(({ path }) => paths.has(path)) }];
}

/** The rows that a command was called on: the selected ones, or its one. */
export function meantNodes(argument: unknown, arguments_: unknown): readonly ChangeNode[] {
  const rows: readonly unknown[] = Array.isArray(arguments_) && arguments_.length > 0 ? arguments_ : [argument];
  return rows.filter((row) => row instanceof ChangeNode);
}

/** The repository that a command was called on. */
export interface MeantRepository {
  readonly devboxId: string;
  readonly about: NodeChanges;
  /** Its folder. */
  readonly top: string;
  readonly name: string;
  readonly look: DevboxLook;
  readonly changes: Changes;
}

/**
 * The repository of the row that a command was called on; undefined for a row of none.
 *
 * @throws RuntimeError where its devbox is not looked at any more
 */
export async function meantRepository(
  services: ChangeCommandServices,
  argument: unknown,
): Promise<MeantRepository | undefined> {
  const [node] = meantNodes(argument, undefined);
  const changes = await services.changes();
  const look = node === undefined ? undefined : changes.lookOf(node.devboxId);
  if (node?.about === undefined) return undefined;
  // A row of another account, from which somebody chose until now.
  if (look === undefined) throw accountChanged(node.devboxId);
  const { devboxId, about } = node;
  const { top } = about.repository;
  return { devboxId, about, top, name: repositoryName(top), look, changes };
}

/** The addresses of both sides, and of the file itself. */
function sides(
  changes: Changes,
  { devboxId }: ChangeNode,
  { repository: { top } }: NodeChanges,
  { kind, path, from = path, before, after }: FileChange,
): { readonly left: Uri; readonly right: Uri; readonly file: Uri } | undefined {
  const root = changes.lookOf(devboxId)?.state?.root;
  if (root === undefined) return undefined;
  const of = { devboxId, top, kind };
  return {
    left: sideAddress(root.authority, { ...of, path: from, side: before }),
    right: sideAddress(root.authority, { ...of, path, side: after }),
    file: root.with({ path: `${top === '/' ? '' : top}/${path}` }),
  };
}

function titleOf({ group }: NodeChanges, change: FileChange): string {
  const { path, before, after } = change;
  // Both sides are the same text where the rights alone differ.
  const rights = modeFacts(change).map(
    (fact) => ` · ${fact} (${before?.mode.slice(3) ?? ''} → ${after?.mode.slice(3) ?? ''})`,
  );
  const name = `${shownName(path.slice(path.lastIndexOf('/') + 1))}${rights.join('')}`;
  if (group === 'thisTurn') return l10n.t('{0} (this turn)', name);
  return group === 'sinceStart' ? l10n.t('{0} (since the start)', name) : l10n.t('{0} (uncommitted)', name);
}
