import type { IncomingMessage } from 'node:http';
import { cookiesOf } from './forwardHeaders';

/** Cookies that are remembered at the most, and the longest; a devbox sets what it likes. */
const mostKept = 200;
const longest = 4_096;

/**
 * What one devbox may see of the cookies of a host name that it shares with others: cookies know no ports, so a browser sends
 * it the cookies of all pages of that host, also those of other devboxes and of the editor.
 */
export class OwnCookies {
  readonly #isKnown: (name: string, value: string) => boolean;
  readonly #given = new Set<string>();

  /** @param isKnown whether a cookie is the devbox's own, of before this process */
  constructor(isKnown: (name: string, value: string) => boolean = () => false) {
    this.#isKnown = isKnown;
  }

  /** Remembers the cookies that an answer of the devbox sets. */
  noteIn(answer: IncomingMessage): void {
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [cookie] = cookiesOf(set);
      if (cookie === undefined || cookie.text.length > longest) continue;
      // The latest last.
      this.#given.delete(cookie.text);
      this.#given.add(cookie.text);
      const [oldest] = this.#given;
      if (this.#given.size > mostKept && oldest !== undefined) this.#given.delete(oldest);
    }
  }

  /** Takes the cookies of others out of a request. */
  hideOthersIn(request: IncomingMessage): void {
    const { cookie } = request.headers;
    if (cookie === undefined) return;
    const own = cookiesOf(cookie).filter(
      ({ text, name, value }) => this.#given.has(text) || this.#isKnown(name, value),
    );
    if (own.length > 0) request.headers.cookie = own.map(({ text }) => text).join('; ');
    else delete request.headers.cookie;
  }
}
