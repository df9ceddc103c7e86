import { RuntimeError } from '../errors';

/** Pages of one list that are read at the most. */
const mostPages = 1_000;

/** The way through the pages of a list, which a server may lead in a circle or without an end. */
export class PageCursor {
  readonly #what: string;
  readonly #seen = new Set<string>();
  #after: string | undefined;

  /** @param what what the list has, as in "the list of devboxes" */
  constructor(what: string) {
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
    if (page.hasMore && page.lastId === undefined) throw this.#endless('says that there is more, and does not give it');
    if (this.#after === undefined) return;
    if (this.#seen.has(this.#after)) throw this.#endless('leads in a circle');
    this.#seen.add(this.#after);
    if (this.#seen.size >= mostPages) throw this.#endless(`has more than ${mostPages} pages`);
  }

  #endless(why: string): RuntimeError {
    return new RuntimeError({
      code: 'unexpected_answer',
      message: `The list of ${this.#what} ${why}: it could not be read to its end.`,
      nextStep: 'Try again; if it stays so, ask Runloop.',
    });
  }
}
