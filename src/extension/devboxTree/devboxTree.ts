import { EventEmitter, l10n, ThemeColor, ThemeIcon, TreeItem, window, type TreeDataProvider, type TreeView } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { defaultBaseUrl } from '../../core/platform/client';
import type { Devbox } from '../../core/platform/devbox';
import type { Account, SignedIn } from '../account/account';
import type { CommandId } from '../commandIds';
import type { Log } from '../log';
import type { Sessions } from '../session/sessions';
import { failureText } from '../showFailure';
import { devboxItem } from './devboxItem';
import type { DevboxStore } from './devboxStore';
import { RefreshLoop } from './refreshLoop';

/** A row that tells why the list could not be read; the list below it is the last good one. */
interface FailureRow {
  readonly failure: RuntimeError;
}

type Row = Devbox | FailureRow;

/** The "Runloop" view: maps the store to rows, and keeps the store fresh while somebody looks. */
export class DevboxTree implements TreeDataProvider<Row>, Disposable {
  readonly #account: Account;
  readonly #store: DevboxStore;
  readonly #sessions: Sessions;
  readonly #log: Log;
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: TreeView<Row>;
  readonly #loop: RefreshLoop;
  readonly #subscriptions: Disposable[];
  #signedIn: SignedIn | undefined;

  constructor(services: { account: Account; store: DevboxStore; sessions: Sessions; log: Log }) {
    this.#account = services.account;
    this.#store = services.store;
    this.#sessions = services.sessions;
    this.#log = services.log;
    this.#loop = new RefreshLoop({
      refresh: (signal) => this.#refresh(signal),
      state: () => ({
        visible: this.#view.visible,
        focused: window.state.focused,
        inTransition: this.#store.inTransition,
        pauseSeconds: this.#store.failure === undefined ? undefined : (this.#store.failure.retryAfterSeconds ?? 10),
      }),
      onError: (error) => this.#log.failure('Refreshing the devboxes', error),
    });
    this.#view = window.createTreeView('runloop.devboxes', { treeDataProvider: this, showCollapseAll: false });
    const redraw = (): void => this.#changed.fire(undefined);
    this.#subscriptions = [
      this.#changed,
      this.#view,
      this.#store.onDidChange(() => {
        this.#describe();
        redraw();
        this.#loop.reschedule();
      }),
      this.#sessions.onDidChange(redraw),
      this.#account.onDidChange(() => {
        this.#store.clear();
        void this.#loop.now();
      }),
      this.#view.onDidChangeVisibility(({ visible }) => {
        if (visible) void this.#loop.now();
        else this.#loop.reschedule();
      }),
      window.onDidChangeWindowState(({ focused }) => {
        if (focused && this.#view.visible) void this.#loop.now();
        else this.#loop.reschedule();
      }),
      this.#loop,
    ];
    // A view that is open when the window starts gets no visibility event.
    if (this.#view.visible) void this.#loop.now();
  }

  /** Reads the list now; resolves when it is drawn from. */
  async refresh(): Promise<void> {
    await this.#loop.now();
  }

  getTreeItem(row: Row): TreeItem {
    if (!('failure' in row)) return devboxItem(row, this.#sessions.isAttached(row.id), Date.now());
    const item = new TreeItem(l10n.t('The list could not be refreshed'));
    const command: CommandId = 'runloop.refreshDevboxes';
    item.id = 'runloop.failure';
    item.description = failureText(row.failure);
    item.tooltip = l10n.t('{0}\nClick to try again.', failureText(row.failure));
    item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
    item.command = { command, title: l10n.t('Try Again') };
    return item;
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row !== undefined) return [];
    if (!this.#store.loaded) await this.#loop.now();
    const failure = this.#store.failure;
    return [...(failure === undefined ? [] : [{ failure }]), ...this.#store.devboxes];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /**
   * Says which account the rows belong to, where that is not the usual one. Only with rows: the editor shows no welcome
   * text in a view that has a message.
   */
  #describe(): void {
    const account = this.#signedIn;
    const host = account === undefined || account.baseUrl === defaultBaseUrl ? '' : new URL(account.baseUrl).host;
    if (account === undefined || this.#store.devboxes.length === 0) this.#view.message = '';
    else if (account.source === 'environment') {
      this.#view.message = l10n.t('{0}, with RUNLOOP_API_KEY from the environment', new URL(account.baseUrl).host);
    } else this.#view.message = host;
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    try {
      const account = await this.#account.current();
      this.#signedIn = account;
      if (account === undefined) {
        this.#store.signedOut();
        return;
      }
      await this.#store.refresh(account.api, signal);
    } catch (error) {
      // A base URL that is none, from the settings: shown where the list would be.
      if (!RuntimeError.is(error) || signal.aborted) throw error;
      this.#store.fail(error);
    }
  }
}
