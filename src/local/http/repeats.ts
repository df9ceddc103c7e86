import { createHash } from 'node:crypto';

/** How long a request id is remembered, in milliseconds: longer than a client goes on repeating a request. */
const remembered = 10 * 60_000;

/**
 * Makes a repeated request do its work once: the SDK repeats a create that was answered too slowly, under the same
 * `x-request-id`, and must not get a second devbox for it.
 */
export class Repeats<T> {
  readonly #results = new Map<string, { readonly at: number; readonly result: Promise<T> }>();

  /**
   * Does `work`, or gives the result of the earlier call with the same id and the same body. Failures are not kept.
   * @param id the request's id; without one nothing is remembered
   */
  once(id: string | undefined, body: unknown, work: () => Promise<T>): Promise<T> {
    if (id === undefined) {
      return work();
    }
    this.#forgetOld();
    const key = createHash('sha256')
      .update(JSON.stringify([id, body]))
      .digest('hex');
    const earlier = this.#results.get(key);
    if (earlier !== undefined) {
      return earlier.result;
    }
    const result = work();
    this.#results.set(key, { at: Date.now(), result });
    result.catch(() => this.#results.delete(key));
    return result;
  }

  #forgetOld(): void {
    const limit = Date.now() - remembered;
    for (const [key, { at }] of this.#results) {
      if (at > limit) {
        return;
      }
      this.#results.delete(key);
    }
  }
}
