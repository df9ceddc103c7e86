import type { SignedIn } from '../account/account';
import { readSettings } from '../account/settings';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { LazyItems } from './lazyItems';
import type { DetailRow } from './rows';

/** The rows below devboxes, and why a devbox could not be used last. */
export class DetailRows {
  readonly #store: DevboxStore;
  readonly #items: LazyItems;
  readonly #errors = new Map<string, string>();

  constructor(store: DevboxStore, items: LazyItems) {
    this.#store = store;
    this.#items = items;
  }

  /** Remembers why a devbox could not be used; undefined forgets it. */
  note(devboxId: string, message: string | undefined): void {
    if (message === undefined) this.#errors.delete(devboxId);
    else this.#errors.set(devboxId, message);
  }

  /** Forgets all, for another account. */
  clear(): void {
    this.#errors.clear();
  }

  async below(devboxId: string, account: SignedIn | undefined, signal: AbortSignal): Promise<DetailRow[]> {
    const devbox = this.#store.get(devboxId);
    if (devbox === undefined || account === undefined) return [];
    const { devboxDetails } = await import('./look/devboxDetails');
    const details = await devboxDetails(account.api, devbox, {
      ...(await this.#items.context(devboxId)),
      tunnelUrlTemplate: readSettings().tunnelUrlTemplate,
      lastError: this.#errors.get(devboxId),
      signal,
    });
    return details.map((detail) => ({ kind: 'detail', devboxId, detail }));
  }
}
