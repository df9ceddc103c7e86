import type { Disposable } from '../../core/events';
import { VscodeAddress, type VscodePlace } from '../../core/vscode/vscodeAddress';
import type { Account } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';

/** Milliseconds in which a second click on a row still belongs to the first. */
const doubleClickMs = 500;

/** Where the address of a devbox's VS Code comes from. */
export interface VscodeSource {
  /** Secret. */
  vscodeUrl(signal?: AbortSignal, options?: { readonly anyHost?: boolean }): Promise<string | undefined>;
  hiddenUrl(url: string): string | undefined;
}

/**
 * The VS Codes that this window is opening, and those of plain devboxes that it has opened, until the devbox stops or the
 * account changes.
 */
export class OpenedVscodes implements Disposable {
  readonly #addresses = new VscodeAddress();
  readonly #places = new Map<string, VscodePlace>();
  readonly #opening = new Set<string>();
  readonly #subscriptions: Disposable[];

  constructor({ store, account }: { readonly store: DevboxStore; readonly account: Account }) {
    this.#subscriptions = [
      store.onDidChange(() => this.#forget((id) => store.loaded && store.get(id)?.status !== 'running')),
      account.onDidChange(() => this.#forget(() => true)),
    ];
  }

  /**
   * Opens a devbox's VS Code, unless that is under way or was done just now: a double click opens it once.
   *
   * @param open returns false if the user did not want it
   */
  async once(devboxId: string, open: () => Promise<boolean>): Promise<void> {
    if (this.#opening.has(devboxId)) return;
    this.#opening.add(devboxId);
    const done = (): void => void this.#opening.delete(devboxId);
    try {
      if (await open()) setTimeout(done, doubleClickMs);
      else done();
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Where the VS Code of a plain devbox was found; undefined if this window has not opened it. */
  get(devboxId: string): VscodePlace | undefined {
    return this.#places.get(devboxId);
  }

  add(devboxId: string, place: VscodePlace): VscodeSource {
    this.#places.set(devboxId, place);
    return {
      vscodeUrl: (_signal, options) => this.#addresses.of(place, options),
      hiddenUrl: (url) => this.#addresses.hidden(url),
    };
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#addresses.dispose();
  }

  #forget(isGone: (devboxId: string) => boolean): void {
    for (const devboxId of this.#places.keys()) {
      if (!isGone(devboxId)) continue;
      this.#places.delete(devboxId);
      this.#addresses.forget(devboxId);
    }
  }
}
