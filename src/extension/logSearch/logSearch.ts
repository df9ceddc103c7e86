import type { Disposable } from '../../core/events';
import { LineSearcher } from '../../core/logs/search/lineSearcher';
import { patternOf, type LogQuery } from '../../core/logs/search/logQuery';
import { searchLogs } from '../../core/logs/search/searchLogs';
import type { Devbox } from '../../core/platform/devbox';
import { contextKeys } from '../commandIds';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import type { Log } from '../messages/log';
import type { KnownSecrets } from '../session/knownSecrets';
import { setContext } from '../setContext';
import { SearchResults } from './searchResults';
import { SearchTree } from './searchTree';

/** What searching logs takes. */
interface SearchServices {
  readonly knownSecrets: KnownSecrets;
  readonly log: Log;
  readonly environment: { readonly searchThreadFile: string };
}

/** The one search in logs of this window, and the view that shows it. */
export class LogSearch implements Disposable {
  /** What was looked for last. */
  query: LogQuery = { text: '', isRegExp: false, matchCase: false };
  readonly #services: SearchServices;
  readonly #tree = new SearchTree();
  #stop = new AbortController();
  #results: SearchResults | undefined;

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
    this.stop();
    const stop = new AbortController();
    this.#stop = stop;
    this.query = query;
    this.#results?.dispose();
    const results = new SearchResults(devboxes);
    this.#results = results;
    // Another account's window has nothing to search here.
    const leave = (): void =>
      void this.clear().catch((error: unknown) => this.#services.log.failure('Leaving a search', error));
    ended.addEventListener('abort', leave, { once: true, signal: stop.signal });
    await this.#become('running');
    // Left meanwhile, or followed by another one.
    if (this.#results !== results) return;
    this.#tree.show(results, query.isRegExp ? `/${query.text}/` : query.text);
    await this.#tree.reveal();
    const searcher = new LineSearcher(this.#services.environment.searchThreadFile, pattern);
    const byId = new Map(devboxes.map((devbox) => [devbox.id, devbox]));
    try {
      await searchLogs(api, [...byId.keys()], {
        searcher,
        signal: stop.signal,
        secretsOf: async (id) =>
          this.#services.knownSecrets.inOutputOf(
            api,
            byId.get(id) ?? (await api.retrieve(id, { signal: stop.signal })),
          ),
        onEvent: (event) => {
          if (event.type === 'failed') {
            this.#services.log.failure(`Searching the log of ${event.devboxId}`, event.error);
          }
          results.take(event);
        },
      });
    } finally {
      searcher.close();
      results.stopped();
      if (this.#results === results) await this.#become('done');
    }
  }

  /** Ends the search; what was found stays. */
  stop(): void {
    this.#stop.abort();
  }

  /** Ends the search and hides the view. */
  async clear(): Promise<void> {
    this.stop();
    this.#results?.dispose();
    this.#results = undefined;
    this.#tree.clear();
    await this.#become(undefined);
  }

  dispose(): void {
    this.stop();
    this.#results?.dispose();
    this.#tree.dispose();
  }

  async #become(state: 'running' | 'done' | undefined): Promise<void> {
    await setContext(contextKeys.logSearch, state);
  }
}
