import { l10n, window } from 'vscode';
import { asObject, asString } from '../../core/parse';
import { mustStillBe } from '../account/accountChanged';
import type { Devbox } from '../../core/platform/devbox';
import { sayThereIsNone } from '../devboxes/noDevboxes';
import { devboxesFor, devboxItems, listedDevboxes, type DevboxSources } from '../devboxes/pickDevbox';
import { askForQuery } from '../searchView/askForQuery';
import type { LogSearch } from './logSearch';

/** The search of this window; made on first use. */
interface WindowSearch {
  readonly logSearch: () => Promise<LogSearch>;
}

/** What the user may have selected. */
interface Selection {
  readonly tree: { readonly selectedIds: readonly string[] };
}

/** The logs of this window, of which one is shown at a line. */
interface ShownLogs {
  readonly logDocuments: () => Promise<{ show(devbox: Devbox): Promise<{ showLine(line: number): void }> }>;
}

/** Looks for a text or a regular expression in the logs of several devboxes. */
export async function searchLogsCommand(
  { account, store, tree, logSearch }: DevboxSources & Selection & WindowSearch,
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const signedIn = await account.require();
  const devboxes = await chosenDevboxes({ account, store, tree }, argument, arguments_);
  if (devboxes === undefined || devboxes.length === 0) return;
  const search = await logSearch();
  const count = devboxes.length;
  const title = count === 1 ? l10n.t('Search the Log of One Devbox') : l10n.t('Search the Logs of {0} Devboxes', count);
  const query = await askForQuery({ title, earlier: search.query });
  if (query !== undefined) await search.run(signedIn, devboxes, query);
}

/** The rows that it was called on, else those that the user picks. */
async function chosenDevboxes(
  { account, store, tree }: DevboxSources & Selection,
  argument: unknown,
  arguments_: unknown,
): Promise<readonly Devbox[] | undefined> {
  if (argument !== undefined) {
    return devboxesFor({ account, store }, { argument, arguments: arguments_, placeHolder: '' });
  }
  const listed = await listedDevboxes({ account, store });
  if (listed.length === 0) {
    await sayThereIsNone({ account, store }, 'any');
    return undefined;
  }
  const { api } = await account.require();
  const items = devboxItems(listed, api.clock.now()).map((item) => ({
    ...item,
    picked: tree.selectedIds.includes(item.devbox.id),
  }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Search Logs'),
    placeHolder: l10n.t('Select devboxes to search their logs'),
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.map(({ devbox }) => devbox);
}

/** Opens the log of a devbox at a line that was found. */
export async function openLogMatch(
  { account, store, logDocuments }: DevboxSources & ShownLogs,
  argument: unknown,
): Promise<void> {
  const match = asObject(argument);
  const devboxId = asString(match?.['devboxId']);
  const line = match?.['line'];
  if (devboxId === undefined || typeof line !== 'number') return;
  const signedIn = await account.require();
  const [devbox] = await devboxesFor({ account, store }, { argument: devboxId, placeHolder: '' });
  if (devbox === undefined) return;
  const logs = await logDocuments();
  mustStillBe(signedIn, devboxId);
  (await logs.show(devbox)).showLine(line);
}
