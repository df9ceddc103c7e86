import type { Disposable } from '../../core/events';
import { asObject, asString } from '../../core/parse';
import type { Account, SignedIn } from './account';
import { accountChanged } from './accountChanged';

/** Ids that are remembered: more than an account has, and no more than memory has room for. */
const mostIds = 20_000;

interface OwnerServices {
  readonly account: Account;
  readonly store: {
    get(devboxId: string): unknown;
    onDidChange(listener: (change: { readonly ids: ReadonlySet<string> }) => void): Disposable;
  };
}

/**
 * In which account this window has seen each devbox. A button of a message may be clicked hours after the window has turned
 * to another account: that one must not be asked for a devbox that it never had.
 */
export class DevboxOwners implements Disposable {
  readonly #services: OwnerServices;
  readonly #subscription: Disposable;
  readonly #owners = new Map<string, SignedIn>();

  constructor(services: OwnerServices) {
    this.#services = services;
    this.#subscription = services.store.onDidChange(({ ids }) => {
      const { shown } = services.account;
      if (shown === undefined) return;
      for (const id of ids) if (services.store.get(id) !== undefined) this.#note(id, shown);
    });
  }

  /**
   * Whether what a command is called with may be asked for in the account of this window.
   *
   * @throws RuntimeError `account_changed` for a devbox of an account that this window has left
   */
  async mustBeHere(argument: unknown): Promise<void> {
    for (const id of idsIn(argument)) {
      const owner = this.#owners.get(id);
      // The same account may have got another key.
      if (owner === undefined || this.#services.store.get(id) !== undefined) continue;
      // Where there is none any more, the command says so if it needs one.
      const now = await this.#services.account.current().catch(() => undefined);
      if (now !== undefined && (now.baseUrl !== owner.baseUrl || now.apiKey !== owner.apiKey)) throw accountChanged(id);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #note(id: string, owner: SignedIn): void {
    // The longest unseen are forgotten first.
    this.#owners.delete(id);
    this.#owners.set(id, owner);
    if (this.#owners.size <= mostIds) return;
    for (const oldest of this.#owners.keys()) {
      this.#owners.delete(oldest);
      return;
    }
  }
}

/** The devboxes that a command is called with: an id, or what says which one it belongs to. */
function idsIn(argument: unknown): readonly string[] {
  const parts = asObject(argument);
  return [argument, parts?.['devboxId'], parts?.['like']].flatMap((id) => asString(id) ?? []);
}
