import { createHmac, timingSafeEqual } from 'node:crypto';

/** What may be done under a signed address. */
export type SignedAction = 'PUT' | 'GET';

/** Makes addresses that carry their own permission for a while, and recognises them again. */
export class SignedAddresses {
  readonly #key: Buffer;

  /** @param key the same after a restart, so that addresses given before it stay good */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /**
   * The query of an address.
   * @param seconds for which it is good
   */
  sign(action: SignedAction, id: string, seconds: number): string {
    const expires = Math.ceil(Date.now() / 1_000) + seconds;
    return `expires=${expires}&signature=${this.#signature(action, id, expires)}`;
  }

  /** True if `query` was signed for this and its time is not over. */
  allows(action: SignedAction, id: string, query: URLSearchParams): boolean {
    const expires = Number(query.get('expires'));
    const given = Buffer.from(query.get('signature') ?? '');
    const expected = Buffer.from(this.#signature(action, id, expires));
    return given.length === expected.length && timingSafeEqual(given, expected) && expires > Date.now() / 1_000;
  }

  #signature(action: SignedAction, id: string, expires: number): string {
    return createHmac('sha256', this.#key).update(`${action} ${id} ${expires}`).digest('base64url');
  }
}
