import { cancelled } from '../../core/errors';
import type { Disposable } from '../../core/events';

/**
 * Who may run commands in which devbox, in this window. The editor gives all extensions the same exported object and does
 * not tell which of them calls, so a yes is bound to an object that only the one who asked for it has. Whoever has none
 * is asked about each time, and nothing of that is remembered. A change of account ends every yes, also one that comes
 * just then.
 */
export class RunPermissions implements Disposable {
  readonly #subscription: Disposable;
  #given = new WeakMap<object, Map<string, Promise<void>>>();
  #changes = 0;

  constructor(account: { readonly onDidChange: (listener: () => void) => Disposable }) {
    this.#subscription = account.onDidChange(() => {
      this.#changes += 1;
      this.#given = new WeakMap();
    });
  }

  /**
   * @param holder the object that a yes is remembered for; undefined: it is not
   * @param ask the question to the user, which rejects without a yes
   * @throws RuntimeError `cancelled` if the account has changed before the yes; what `ask` throws
   */
  async require(holder: object | undefined, devboxId: string, ask: () => Promise<void>): Promise<void> {
    const before = this.#changes;
    if (holder === undefined) {
      await ask();
    } else {
      const given = this.#given.get(holder) ?? new Map<string, Promise<void>>();
      this.#given.set(holder, given);
      // Calls that come while the question is open share its answer.
      const answer = given.get(devboxId) ?? ask();
      given.set(devboxId, answer);
      try {
        await answer;
      } catch (error) {
        if (given.get(devboxId) === answer) given.delete(devboxId);
        throw error;
      }
    }
    if (this.#changes !== before) throw cancelled();
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}
