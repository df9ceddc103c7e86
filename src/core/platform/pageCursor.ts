import { RuntimeError } from '../errors';
import { platformProblem } from '../problems/platform';
import { phrase } from '../problems/phrases';
import type { Phrase } from '../problems/problem';

/** Pages of one list that are read at the most. */
const mostPages = 1_000;

/** The way through the pages of a list, which a server may lead in a circle or without an end. */
export class PageCursor {
  readonly #what: 'devboxes';
  readonly #seen = new Set<string>();
  #after: string | undefined;

  /** @param what what the list has, as in "the list of devboxes" */
  constructor(what: 'devboxes') {
    this.#what = what;
  }

  /** What the next page begins after; undefined for the first page, and when there is none any more. */
  get after(): string | undefined {
    return this.#after;
  }

  /** Goes on to the next page, if there is one. @throws RuntimeError `unexpected_answer` if there is no end to them */
  advance(page: { readonly hasMore: boolean; readonly lastId: string | undefined }): void {
    this.#after = page.hasMore ? page.lastId : undefined;
    // More of which nothing is named cannot be asked for.
    if (page.hasMore && page.lastId === undefined) {
      throw this.#endless(phrase('announces more entries but does not send them'));
    }
    if (this.#after === undefined) return;
    if (this.#seen.has(this.#after)) throw this.#endless(phrase('repeats the same pages'));
    this.#seen.add(this.#after);
    if (this.#seen.size >= mostPages) throw this.#endless(phrase('has more than {most} pages', { most: mostPages }));
  }

  #endless(fault: Phrase): RuntimeError {
    return new RuntimeError({ problem: platformProblem('list_endless', { what: phrase(this.#what), fault }) });
  }
}
