import { randomUUID } from 'node:crypto';
import { l10n, ThemeIcon, window, type ExtensionTerminalOptions } from 'vscode';
import type { Disposable } from '../../core/events';
import { hasEnded, workspacePathKey, type Devbox } from '../../core/platform/devbox';
import { whenEnded } from '../../ground/deadline';
import type { Account, SignedIn } from '../account/account';
import { readSettings } from '../account/settings';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import type { Log } from '../messages/log';
import { DevboxTerminal } from './devboxTerminal';
import type { RememberedTerminal, RememberedTerminals } from './rememberedTerminals';

export interface TerminalServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly devboxUse: { used(devboxId: string): void };
  readonly rememberedTerminals: RememberedTerminals;
  readonly log: Log;
}

/** The terminals that this window has in devboxes. */
export class DevboxTerminals implements Disposable {
  readonly #services: TerminalServices;
  readonly #open = new Map<string, DevboxTerminal>();
  readonly #subscription: Disposable;

  constructor(services: TerminalServices) {
    this.#services = services;
    const { store, rememberedTerminals } = services;
    this.#subscription = store.onDidChange(({ ids }) => {
      for (const { devboxId, name } of rememberedTerminals.all()) {
        const devbox = ids.has(devboxId) ? store.get(devboxId) : undefined;
        if (devbox !== undefined && hasEnded(devbox.status)) this.#remember(rememberedTerminals.remove(name));
      }
      for (const terminal of this.#open.values()) {
        const { devboxId } = terminal;
        const status = ids.has(devboxId) ? store.get(devboxId)?.status : undefined;
        // One that was resumed has a new shell for it; of one that has ended, none is to be waited for.
        if (status === 'running' || (status !== undefined && hasEnded(status))) terminal.retry();
        else if (status !== undefined) terminal.rests(status);
      }
    });
  }

  /** What the editor makes a new terminal in a devbox of. */
  options(account: SignedIn, devbox: Devbox): ExtensionTerminalOptions {
    const label = devboxLabel(devbox);
    const others = [...this.#open.values()].filter(({ devboxId }) => devboxId === devbox.id).length;
    const terminal: RememberedTerminal = {
      devboxId: devbox.id,
      baseUrl: account.baseUrl,
      name: `vscode-${randomUUID()}`,
      title: others === 0 ? label : l10n.t('{0} ({1})', label, others + 1),
      folder: devbox.metadata[workspacePathKey],
    };
    this.#remember(this.#services.rememberedTerminals.add(terminal));
    return this.#made(account, terminal, false);
  }

  /** Makes the terminals anew that the window had before its reload; they connect when somebody looks at them. */
  async restore(): Promise<void> {
    const account = await this.#services.account.current();
    if (account === undefined) return;
    for (const terminal of this.#services.rememberedTerminals.all()) {
      if (terminal.baseUrl === account.baseUrl && !this.#open.has(terminal.name)) {
        window.createTerminal(this.#made(account, terminal, true));
      }
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const terminal of this.#open.values()) terminal.leave();
    this.#open.clear();
  }

  #made({ api, ended }: SignedIn, terminal: RememberedTerminal, isRestored: boolean): ExtensionTerminalOptions {
    const { devboxUse, rememberedTerminals, log } = this.#services;
    const { devboxId, name, title, folder } = terminal;
    const gone = new AbortController();
    const forget = (): void => this.#remember(rememberedTerminals.remove(name));
    const pty = new DevboxTerminal({
      api,
      devboxId,
      name,
      title,
      folder,
      isRestored,
      ended,
      tunnelUrlTemplate: readSettings().tunnelUrlTemplate,
      onKey: () => devboxUse.used(devboxId),
      onGone: () => {
        gone.abort();
        this.#open.delete(name);
        forget();
      },
      onDevboxEnded: forget,
      onFailure: (doing, error) => log.failure(doing, error),
    });
    this.#open.set(name, pty);
    const leave = (): void => {
      this.#open.delete(name);
      pty.leave(l10n.t('This window is no longer signed in to the account of this devbox.'));
    };
    whenEnded(ended, leave, gone.signal);
    return { name: title, pty, iconPath: new ThemeIcon('vm') };
  }

  #remember(done: Thenable<void>): void {
    done.then(undefined, (error: unknown) => this.#services.log.failure('Remembering the terminals', error));
  }
}
