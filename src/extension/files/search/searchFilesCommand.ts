import { l10n, window } from 'vscode';
import { linkSignals, whenEnded } from '../../../ground/deadline';
import { RuntimeError } from '../../../core/errors';
import { mostFileMatches, searchFiles, type FileQuery } from '../../../core/files/fileSearch';
import { shownName } from '../../../core/files/pathText';
import type { DevboxSources } from '../../devboxes/pickDevbox';
import type { Log } from '../../messages/log';
import { failureText } from '../../messages/showFailure';
import { askForQuery } from '../../searchView/askForQuery';
import type { SearchView } from '../../searchView/searchView';
import type { FileServices } from '../fileRow';
import { FileResults } from './fileResults';
import { globsIn } from './globField';
import { searchedFolder } from './searchedFolder';

type SearchFilesServices = FileServices &
  DevboxSources & {
    readonly searchView: () => Promise<SearchView>;
    readonly devboxUse: { used(devboxId: string): void };
    readonly log: Log;
  };

const nothingSought = { text: '', isRegExp: false, matchCase: false, isWord: false, globs: '' };

/** Looks for a text or a regular expression in the files of a devbox, below a folder. */
export async function searchFilesCommand(services: SearchFilesServices, argument: unknown): Promise<void> {
  const folder = await searchedFolder(services, argument);
  if (folder === undefined) return;
  const title = l10n.t('Search Files in {0}', shownName(folder.path));
  const view = await services.searchView();
  const earlier = view.lastInFiles.get(folder.authority) ?? nothingSought;
  const sought = await askForQuery({ title, earlier, hasWords: true });
  if (sought === undefined) return;
  const globs = await window.showInputBox({
    title,
    value: earlier.globs,
    prompt: l10n.t('Files to search. Prefix a pattern with "!" to exclude files. Leave empty to search all.'),
    placeHolder: l10n.t('e.g. *.ts, src/**, !**/test/**'),
  });
  if (globs === undefined) return;
  view.lastInFiles.set(folder.authority, { ...sought, globs });
  const reached = await services.fileSystem.reach(folder);
  services.devboxUse.used(reached.devboxId);
  const stop = new AbortController();
  const either = linkSignals(stop.signal, reached.signal);
  const results = new FileResults(folder, sought.isRegExp ? `/${sought.text}/` : sought.text, () => stop.abort());
  // Another account's window has nothing to search here.
  const leave = (): void =>
    void view.clear(results).catch((error: unknown) => services.log.failure('Leaving a search', error));
  whenEnded(reached.signal, leave, stop.signal);
  try {
    if (!(await view.show(results))) return;
    results.end(await run(results, reached, { ...sought, ...globsIn(globs) }, either.signal));
  } catch (error) {
    if (!RuntimeError.is(error, 'cancelled')) {
      results.end(failureText(error));
      throw error;
    }
    results.end(l10n.t('The search was stopped here.'));
  } finally {
    either.dispose();
    await view.done(results);
  }
}

/** @returns what is to be said of how it ended */
async function run(
  results: FileResults,
  { path, ...context }: Parameters<typeof searchFiles>[0] & { readonly path: string },
  query: FileQuery,
  signal: AbortSignal,
): Promise<string | undefined> {
  const searching = searchFiles(context, path, query, signal);
  for (;;) {
    const next = await searching.next();
    if (next.done !== true) {
      results.take(next.value);
      continue;
    }
    const { isLimited, failure } = next.value;
    if (failure !== undefined) return l10n.t('The search in the devbox failed: {0}', failure);
    return isLimited
      ? l10n.t(
          'Only the first {0} lines are shown. Use a more specific search to see them all.',
          mostFileMatches.toLocaleString(),
        )
      : undefined;
  }
}
