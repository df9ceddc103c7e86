import { commands, l10n, window } from 'vscode';
import type { Disposable } from '../../core/events';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import type { AddressMemory } from '../../core/vscode/loopbackForwarder';
import { VscodeAddress, type AddressUse, type Served, type VscodeEndpoint } from '../../core/vscode/vscodeAddress';
import type { Account } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import type { Log } from '../messages/log';
import { accountName } from './addressMemory';
import { ownPages } from './ownPages';
import type { RememberedVscodes } from './rememberedVscodes';
import type { ServedSecrets } from './servedSecrets';

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
  readonly servedSecrets: ServedSecrets;
  readonly log: Log;
}

/**
 * The VS Codes that this window is opening, the addresses of all that it has opened, and where those of plain devboxes are,
 * until the devbox stops or the account changes.
 */
export class OpenedVscodes implements Disposable {
  /** Of all devboxes of this window: the same over suspends and reloads, so that pages in browsers stay open. */
  readonly addresses: VscodeAddress;
  readonly #context: OpenedVscodesContext;
  readonly #endpoints = new Map<string, VscodeEndpoint>();
  /** Served as an earlier process of this window did, until more is known. */
  readonly #again = new Set<string>();
  readonly #opening = new Set<string>();
  readonly #subscriptions: Disposable[];

  constructor(context: OpenedVscodesContext) {
    const { store, account, memory, devboxUse, servedSecrets, log } = context;
    this.#context = context;
    this.addresses = new VscodeAddress({
      memory,
      pages: ownPages(store),
      onServe: (devboxId, served) => servedSecrets.set(devboxId, served),
      onMoved: (devboxId) => this.#tellMoved(devboxId),
      onFailure: (error) => log.failure('Listening for browsers', error),
      onUse: (endpoint, use) => this.#note(endpoint, use),
      onInput: (devboxId) => devboxUse.used(devboxId),
    });
    this.#subscriptions = [
      store.onDidChange(() => {
        this.#forget((id) => isGone(store.get(id)));
        for (const { devboxId } of context.remembered.all) {
          const devbox = store.get(devboxId);
          if (devbox !== undefined && hasEnded(devbox.status)) this.#remove(devboxId);
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
  get(devboxId: string): VscodeEndpoint | undefined {
    return this.#endpoints.get(devboxId);
  }

  add(devboxId: string, endpoint: VscodeEndpoint): VscodeSource {
    this.#endpoints.set(devboxId, endpoint);
    return { vscodeUrl: (_signal, use) => this.addresses.of(endpoint, use) };
  }

  /** Goes on with what an earlier process of this window served, without a request. */
  serveAgain(devboxId: string, served: Served): void {
    this.#again.add(devboxId);
    this.addresses.serveAgain(devboxId, served);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.addresses.dispose();
  }

  #note({ devboxId, token, folder }: VscodeEndpoint, { anyHost = false }: AddressUse): void {
    const { knownSecrets, remembered, account } = this.#context;
    // Its server may print the address into the devbox's log.
    knownSecrets.add(devboxId, [token]);
    remembered.add({
      devboxId,
      account: accountName(account),
      folder,
      single: anyHost,
      isPlain: this.#endpoints.has(devboxId),
    });
  }

  #remove(devboxId: string): void {
    this.#context.remembered.remove(devboxId);
    this.#context.servedSecrets.remove(devboxId);
  }

  #tellMoved(devboxId: string): void {
    const { store, log } = this.#context;
    const devbox = store.get(devboxId);
    const open = l10n.t('Open VS Code');
    const text = l10n.t(
      'Another program has taken the port on which this computer showed the VS Code of {0}. Pages of it that are open no longer work.',
      devbox === undefined ? devboxId : devboxLabel(devbox),
    );
    window
      .showWarningMessage(text, open)
      .then((answer) => (answer === open ? commands.executeCommand('runloop.openVscode', devboxId) : undefined))
      .then(undefined, (error: unknown) => log.failure('Opening a VS Code again', error));
  }

  #forget(isGone: (devboxId: string) => boolean): void {
    for (const devboxId of new Set([...this.#endpoints.keys(), ...this.#again])) {
      if (!isGone(devboxId)) continue;
      this.#endpoints.delete(devboxId);
      this.#again.delete(devboxId);
      this.addresses.forget(devboxId);
    }
  }
}

/** A devbox that the list has not loaded may well run. */
function isGone(devbox: Devbox | undefined): boolean {
  return devbox !== undefined && devbox.status !== 'running';
}
