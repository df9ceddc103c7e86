import type { Disposable } from '../../core/events';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import type { AddressMemory } from '../../core/vscode/loopbackForwarder';
import { VscodeAddress, type AddressUse, type VscodePlace } from '../../core/vscode/vscodeAddress';
import type { Account } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import { ownPages } from './ownPages';
import type { RememberedVscodes } from './rememberedVscodes';

/** Milliseconds in which a second click on a row still belongs to the first. */
const doubleClickMs = 500;

/** Where the address of a devbox's VS Code comes from. */
export interface VscodeSource {
  /** Secret. */
  vscodeUrl(signal?: AbortSignal, use?: AddressUse): Promise<string | undefined>;
}

export interface OpenedVscodesContext {
  readonly store: DevboxStore;
  readonly account: Account;
  readonly knownSecrets: { add(devboxId: string, values: readonly string[]): void };
  /** Told of what a person does in a page. */
  readonly devboxUse: { used(devboxId: string): void };
  readonly remembered: RememberedVscodes;
  readonly memory: AddressMemory;
}

/**
 * The VS Codes that this window is opening, the addresses of all that it has opened, and where those of plain devboxes are,
 * until the devbox stops or the account changes.
 */
export class OpenedVscodes implements Disposable {
  /** Of all devboxes of this window: the same over suspends and reloads, so that pages in browsers stay open. */
  readonly addresses: VscodeAddress;
  readonly #context: OpenedVscodesContext;
  readonly #places = new Map<string, VscodePlace>();
  readonly #opening = new Set<string>();
  readonly #subscriptions: Disposable[];

  constructor(context: OpenedVscodesContext) {
    const { store, account, memory, devboxUse } = context;
    this.#context = context;
    this.addresses = new VscodeAddress({
      memory,
      pages: ownPages(store),
      onUse: (place, use) => this.#note(place, use),
      onInput: (devboxId) => devboxUse.used(devboxId),
    });
    this.#subscriptions = [
      store.onDidChange(() => {
        this.#forget((id) => isGone(store.get(id)));
        for (const { devboxId } of context.remembered.all) {
          const devbox = store.get(devboxId);
          if (devbox !== undefined && hasEnded(devbox.status)) context.remembered.remove(devboxId);
        }
      }),
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
    return { vscodeUrl: (_signal, use) => this.addresses.of(place, use) };
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.addresses.dispose();
  }

  #note({ devboxId, token, folder }: VscodePlace, { anyHost = false }: AddressUse): void {
    const { knownSecrets, remembered, account } = this.#context;
    // Its server may print the address into the devbox's log.
    knownSecrets.add(devboxId, [token]);
    remembered.add({
      devboxId,
      baseUrl: account.baseUrl(),
      folder,
      single: anyHost,
      isPlain: this.#places.has(devboxId),
    });
  }

  #forget(isGone: (devboxId: string) => boolean): void {
    for (const devboxId of this.#places.keys()) {
      if (!isGone(devboxId)) continue;
      this.#places.delete(devboxId);
      this.addresses.forget(devboxId);
    }
  }
}

/** A devbox that the list has not loaded may well run. */
function isGone(devbox: Devbox | undefined): boolean {
  return devbox !== undefined && devbox.status !== 'running';
}
