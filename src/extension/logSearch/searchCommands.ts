import { l10n, window } from 'vscode';
import { asObject, asString } from '../../core/parse';
import type { Devbox } from '../../core/platform/devbox';
import { devboxesFor, devboxItems, listedDevboxes } from '../devboxes/pickDevbox';
import { logDocuments } from '../logDocument/logDocuments';
import type { Services } from '../services';
import { askForQuery } from './askForQuery';
import { logSearch } from './logSearch';

/** Looks for a text or a regular expression in the logs of several devboxes. */
export async function searchLogsCommand(services: Services, argument: unknown, arguments_: unknown): Promise<void> {
  const devboxes = await chosenDevboxes(services, argument, arguments_);
  if (devboxes === undefined || devboxes.length === 0) return;
  const search = logSearch(services);
  const query = await askForQuery(search.query, devboxes.length);
  if (query !== undefined) await search.run(devboxes, query);
}

/** The rows that it was called on, else those that the user picks. */
async function chosenDevboxes(
  services: Services,
  argument: unknown,
  arguments_: unknown,
): Promise<readonly Devbox[] | undefined> {
  if (argument !== undefined) return devboxesFor(services, { argument, arguments: arguments_, placeHolder: '' });
  const listed = await listedDevboxes(services);
  if (listed.length === 0) {
    void window.showInformationMessage(l10n.t('There is no such devbox in this account.'));
    return undefined;
  }
  const items = devboxItems(listed).map((item) => ({
    ...item,
    picked: services.tree.selectedIds.includes(item.devbox.id),
  }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Search Logs'),
    placeHolder: l10n.t('In the logs of which devboxes?'),
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.map(({ devbox }) => devbox);
}

/** Opens the log of a devbox at a line that was found. */
export async function openLogMatch(services: Services, argument: unknown): Promise<void> {
  const match = asObject(argument);
  const devboxId = asString(match?.['devboxId']);
  const line = match?.['line'];
  if (devboxId === undefined || typeof line !== 'number') return;
  const [devbox] = await devboxesFor(services, { argument: devboxId, placeHolder: '' });
  if (devbox === undefined) return;
  (await logDocuments(services).show(devbox)).showLine(line);
}

/** Ends the search; what was found stays. */
export async function stopLogSearch(services: Services): Promise<void> {
  logSearch(services).stop();
  return Promise.resolve();
}

/** Forgets what was found and hides the view. */
export async function clearLogSearch(services: Services): Promise<void> {
  await logSearch(services).clear();
}
