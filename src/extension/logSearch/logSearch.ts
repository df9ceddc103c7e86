import { LineSearcher } from '../../core/logs/search/lineSearcher';
import { patternOf, type LogQuery } from '../../core/logs/search/logQuery';
import { searchLogs } from '../../core/logs/search/searchLogs';
import type { Devbox } from '../../core/platform/devbox';
import { whenEnded } from '../../ground/deadline';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import type { Log } from '../messages/log';
import type { SearchView } from '../searchView/searchView';
import type { KnownSecrets } from '../session/knownSecrets';
import { SearchResults } from './searchResults';

/** What searching logs takes. */
interface SearchServices {
  readonly knownSecrets: KnownSecrets;
  readonly log: Log;
  readonly environment: { readonly searchThreadFile: string };
  readonly view: SearchView;
}

/** Searches logs for this window. */
export class LogSearch {
  /** What was looked for last. */
  query: LogQuery = { text: '', isRegExp: false, matchCase: false };
  readonly #services: SearchServices;

  constructor(services: SearchServices) {
    this.#services = services;
  }

  /**
   * Searches the logs of devboxes; the results appear while they are found. Ends an earlier search.
   *
   * @param signedIn the account in which the devboxes were chosen
   * @returns when all is searched, or the search was stopped
   */
  async run({ api, ended }: SignedIn, devboxes: readonly Devbox[], query: LogQuery): Promise<void> {
    const pattern = patternOf(query);
    if (typeof pattern === 'string') return;
    mustStillBe({ ended });
    const stop = new AbortController();
    this.query = query;
    const { view, log } = this.#services;
    const results = new SearchResults(devboxes, query.isRegExp ? `/${query.text}/` : query.text, () => stop.abort());
    // Another account's window has nothing to search here.
    const leave = (): void =>
      void view.clear(results).catch((error: unknown) => log.failure('Leaving a search', error));
    whenEnded(ended, leave, stop.signal);
    if (!(await view.show(results))) return;
    const searcher = new LineSearcher(this.#services.environment.searchThreadFile, pattern);
    const byId = new Map(devboxes.map((devbox) => [devbox.id, devbox]));
    try {
      await searchLogs(api, [...byId.keys()], {
        searcher,
        signal: stop.signal,
        secretsOf: async (id) =>
          this.#services.knownSecrets.inOutputOf(
            api,
            byId.get(id) ?? (await api.devboxes.retrieve(id, { signal: stop.signal })),
          ),
        onEvent: (event) => {
          if (event.type === 'failed') log.failure(`Searching the log of ${event.devboxId}`, event.error);
          results.take(event);
        },
      });
    } finally {
      searcher.close();
      results.stopped();
      await view.done(results);
    }
  }
}
