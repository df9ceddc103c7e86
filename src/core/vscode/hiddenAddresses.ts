import { randomBytes } from 'node:crypto';

const prefix = '/runloop-open-';
/** Milliseconds in which a browser must have come for what is hidden: a cold start may take it a minute. */
const validMs = 300_000;
/** Used addresses that still lead to their page. */
const mostKept = 100;

interface Hidden {
  /** Path with the secret; undefined once it was handed out. */
  readonly first: string | undefined;
  readonly later: string;
  readonly endMs: number;
}

/**
 * Addresses of one devbox that lead to a page without showing the secret in its query: argument lists, histories and
 * address bars are read by others. The secret is handed out once, and not after five minutes.
 */
export class HiddenAddresses {
  readonly #now: () => number;
  readonly #hidden = new Map<string, Hidden>();
  #latest: string | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Whether a path is one of these, of whichever devbox. */
  static isOne(path: string): boolean {
    return path.startsWith(prefix);
  }

  /**
   * @param first path and query with the secret
   * @param later the same page for a browser that has the secret's cookie by then
   * @returns the path that leads there
   */
  add(first: string, later: string): string {
    const path = `${prefix}${randomBytes(16).toString('hex')}`;
    for (const oldest of [...this.#hidden.keys()].slice(0, Math.max(0, this.#hidden.size - mostKept + 1))) {
      this.#hidden.delete(oldest);
    }
    this.#hidden.set(path, { first, later, endMs: this.#now() + validMs });
    this.#latest = later;
    return path;
  }

  /** The page to which a browser that shows an address of an earlier window is led. */
  startAt(later: string): void {
    this.#latest ??= later;
  }

  /** Where the path leads this time; undefined if nothing is known here. */
  take(path: string): string | undefined {
    const hidden = this.#hidden.get(path);
    if (hidden === undefined) return this.#latest;
    this.#hidden.set(path, { ...hidden, first: undefined });
    return hidden.first !== undefined && this.#now() < hidden.endMs ? hidden.first : hidden.later;
  }

  /** Ends all of them. The latest page, which is no secret, stays known for when the devbox is served again. */
  clear(): void {
    this.#hidden.clear();
  }
}
