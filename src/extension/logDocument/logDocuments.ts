import { basename } from 'node:path/posix';
import { Uri, window, workspace, type TextDocument, type TextEditor } from 'vscode';
import type { Disposable } from '../../core/events';
import { hidesNothing } from '../../core/logs/logFilter';
import type { Devbox } from '../../core/platform/devbox';
import { contextKeys, logScheme } from '../commandIds';
import { devboxLabel } from '../devboxes/devboxText';
import { setContext } from '../setContext';
import { LogColours } from './logColours';
import { LogDocument } from './logDocument';
import type { LogServices } from './logReader';
import { LogStatusItem } from './logStatusItem';
import { addressesInTabs, reopenTab, showAs, tabsToRemember, viewOf, type LogView } from './logTabs';
import type { RememberedLog, RememberedLogs } from './rememberedLogs';

/** What reading logs takes, and remembering which are open. */
interface DocumentServices extends LogServices {
  readonly rememberedLogs: RememberedLogs;
}

/** Milliseconds between looks at what has changed. */
const newsMs = 100;

/** The logs that are open as documents in this window. */
export class LogDocuments implements Disposable {
  readonly #services: DocumentServices;
  readonly #open = new Map<string, LogDocument>();
  readonly #colours = new LogColours();
  readonly #status = new LogStatusItem();
  readonly #subscriptions: readonly Disposable[];
  #told = '';
  #later: NodeJS.Timeout | undefined;
  readonly #news = new Set<LogDocument>();
  /** How logs are shown whose tabs came back and were not looked at yet. */
  readonly #views = new Map<string, LogView>();
  readonly #baseUrls = new Map<string, string>();
  #isReopening = false;
  #remembered = '';

  constructor(services: DocumentServices) {
    this.#services = services;
    this.#subscriptions = [
      // Empty: the text comes in pieces, as one it would hold the extension host up.
      workspace.registerTextDocumentContentProvider(logScheme, { provideTextDocumentContent: () => '' }),
      workspace.onDidOpenTextDocument((document) => this.#opened(document)),
      workspace.onDidCloseTextDocument((document) => this.#closed(document)),
      window.onDidChangeVisibleTextEditors(() => this.#onVisibilityChanged()),
      window.onDidChangeActiveTextEditor(() => this.#updateContextKeys()),
      window.tabGroups.onDidChangeTabs(() => this.#onVisibilityChanged()),
      window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.#scrolled(textEditor)),
      services.account.onDidChange(() => this.#open.forEach((log) => log.rest())),
      this.#colours,
      this.#status,
    ];
    // One may have been brought back by the editor before anybody asked for one.
    for (const document of workspace.textDocuments) this.#opened(document);
  }

  /** Opens the log of a devbox, or brings it to the front. It is read from then on. */
  async show(devbox: Devbox): Promise<LogDocument> {
    const known = [...this.#open.values()].find(({ devboxId }) => devboxId === devbox.id);
    const document = known?.document ?? (await workspace.openTextDocument(addressOf(devbox)));
    const log = this.#opened(document) ?? known;
    if (log === undefined) throw new Error('The editor has closed the log again.');
    await window.showTextDocument(document, { preview: false });
    this.#onVisibilityChanged();
    return log;
  }

  /** Brings back tabs of logs as they were before a reload, of the API that is used now. */
  async restore(baseUrl: string | undefined): Promise<void> {
    const logs = this.#services.rememberedLogs.all().filter((log) => log.baseUrl === baseUrl);
    for (const log of logs) {
      this.#views.set(log.address, viewOf(log));
      this.#baseUrls.set(log.address, log.baseUrl);
    }
    this.#isReopening = true;
    try {
      for (const log of logs) await reopenTab(log);
    } finally {
      this.#isReopening = false;
      this.#onVisibilityChanged();
    }
  }

  /** The log in this editor, or in the active one. */
  find(address: Uri | undefined = window.activeTextEditor?.document.uri): LogDocument | undefined {
    return address === undefined ? undefined : this.#open.get(address.toString());
  }

  dispose(): void {
    clearTimeout(this.#later);
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const log of this.#open.values()) log.dispose();
    this.#open.clear();
  }

  #opened(document: TextDocument): LogDocument | undefined {
    const { uri } = document;
    const known = this.#open.get(uri.toString());
    if (uri.scheme !== logScheme || known !== undefined) return known;
    const devboxId = uri.path.split('/')[1];
    if (devboxId?.startsWith('dbx_') !== true) return undefined;
    const log = new LogDocument(this.#services, document, devboxId, (changed) => this.#changed(changed));
    this.#open.set(uri.toString(), log);
    log.start();
    const view = this.#views.get(uri.toString());
    this.#views.delete(uri.toString());
    if (view !== undefined) showAs(log, view);
    this.#onVisibilityChanged();
    return log;
  }

  #closed(document: TextDocument): void {
    const log = this.#open.get(document.uri.toString());
    if (log?.document !== document) return;
    this.#open.delete(document.uri.toString());
    log.dispose();
    this.#updateContextKeys();
  }

  #onVisibilityChanged(): void {
    const visible = new Set(window.visibleTextEditors.map(({ document }) => document.uri.toString()));
    const inTabs = addressesInTabs();
    for (const [address, log] of this.#open) log.onVisibilityChanged(visible.has(address), inTabs.has(address));
    for (const editor of window.visibleTextEditors) {
      if (this.find(editor.document.uri) !== undefined) this.#colours.colour(editor);
    }
    this.#updateContextKeys();
  }

  #scrolled(editor: TextEditor): void {
    const log = this.find(editor.document.uri);
    if (log === undefined) return;
    this.#colours.colour(editor);
    log.scrolled(editor);
  }

  /** Lines come by the thousand; what is said about them need not. */
  #changed(log: LogDocument): void {
    this.#news.add(log);
    if (this.#later === undefined) this.#tellNews();
  }

  #tellNews(): void {
    this.#later = undefined;
    if (this.#news.size === 0) return;
    const documents = new Set([...this.#news].map(({ document }) => document));
    this.#news.clear();
    for (const editor of window.visibleTextEditors) if (documents.has(editor.document)) this.#colours.colour(editor);
    this.#updateContextKeys();
    this.#later = setTimeout(() => this.#tellNews(), newsMs);
  }

  /** Keeps for a later window which logs are in tabs, and how they are shown. */
  #remember(): void {
    if (this.#isReopening) return;
    const tabs = tabsToRemember((address) => this.#open.get(address) ?? this.#views.get(address));
    const remembered = JSON.stringify(tabs);
    if (remembered === this.#remembered) return;
    this.#remembered = remembered;
    this.#store(tabs).catch((error: unknown) => this.#services.log.failure('Remembering the tabs of logs', error));
  }

  /** With each tab goes the API that it was opened with: the account may have changed since. */
  async #store(tabs: readonly Omit<RememberedLog, 'baseUrl'>[]): Promise<void> {
    const now = (await this.#services.account.current())?.baseUrl;
    const logs = tabs.flatMap((tab) => {
      const baseUrl = this.#baseUrls.get(tab.address) ?? now;
      return baseUrl === undefined ? [] : [{ ...tab, baseUrl }];
    });
    for (const { address, baseUrl } of logs) this.#baseUrls.set(address, baseUrl);
    await this.#services.rememberedLogs.store(logs);
  }

  /** Tells the status bar and the buttons of the editors how things stand. */
  #updateContextKeys(): void {
    this.#remember();
    this.#status.show(this.find());
    const addresses = (is: (log: LogDocument) => boolean): string[] =>
      [...this.#open].filter(([, log]) => is(log)).map(([address]) => address);
    const followed = addresses(({ isFollowing }) => isFollowing);
    const filtered = addresses(({ filter }) => !hidesNothing(filter));
    const told = JSON.stringify([followed, filtered]);
    if (told === this.#told) return;
    this.#told = told;
    Promise.all([setContext(contextKeys.followedLogs, followed), setContext(contextKeys.filteredLogs, filtered)]).catch(
      (error: unknown) => this.#services.log.failure('Telling the editor which logs are followed', error),
    );
  }
}

/** The address of a devbox's log: its id finds it, its name is what the tab shows. */
function addressOf(devbox: Devbox): Uri {
  const name = basename(devboxLabel(devbox).replace(/[\\/:*?"<>|#%]+/g, '-'));
  return Uri.from({ scheme: logScheme, path: `/${devbox.id}/${name}.log` });
}
