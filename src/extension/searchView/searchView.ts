import type { Disposable } from '../../core/events';
import { contextKeys } from '../commandIds';
import { setContext } from '../setContext';
import type { Sought } from './askForQuery';
import type { SearchSource } from './searchSource';
import { SearchTree } from './searchTree';

/** The view of results of this window: one search at a time. */
export class SearchView implements Disposable {
  /** What was looked for last in the files of each devbox, by the authority of its addresses. */
  readonly lastInFiles = new Map<string, Sought & { readonly globs: string }>();
  readonly #tree = new SearchTree();
  #source: SearchSource | undefined;

  /** Shows a search from now on, and ends an earlier one. @returns whether it is still the one that is shown */
  async show(source: SearchSource): Promise<boolean> {
    this.#end();
    this.#source = source;
    await this.#become('running', source);
    // Left meanwhile, or followed by another one.
    if (this.#source !== source) return false;
    this.#tree.show(source);
    await this.#tree.reveal();
    return true;
  }

  /** A search is over. */
  async done(source: SearchSource): Promise<void> {
    if (this.#source === source) await this.#become('done', source);
  }

  /** Ends the search; what was found stays. */
  stop(): void {
    this.#source?.stop();
  }

  /** Ends the search and hides the view; a search that is given only if it is the one that is shown. */
  async clear(source = this.#source): Promise<void> {
    if (this.#source !== source) return;
    this.#end();
    this.#tree.clear();
    await setContext(contextKeys.logSearch, undefined);
  }

  dispose(): void {
    this.#end();
    this.#tree.dispose();
  }

  #end(): void {
    this.#source?.stop();
    this.#source?.dispose();
    this.#source = undefined;
  }

  async #become(state: 'running' | 'done', { kind }: SearchSource): Promise<void> {
    await setContext(contextKeys.logSearch, `${state} ${kind}`);
  }
}
