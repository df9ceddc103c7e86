import type { SearchView } from './searchView';

/** The view of results of this window; made on first use. */
interface WindowSearchView {
  readonly searchView: () => Promise<SearchView>;
}

/** Ends the search; what was found stays. */
export async function stopSearch({ searchView }: WindowSearchView): Promise<void> {
  (await searchView()).stop();
}

/** Forgets what was found and hides the view. */
export async function clearSearch({ searchView }: WindowSearchView): Promise<void> {
  await (await searchView()).clear();
}
