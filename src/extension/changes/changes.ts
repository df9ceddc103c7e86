import { EventEmitter, l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState, type Memento, type Uri } from 'vscode';
import { ExecutionCommands } from '../../core/channel/executionCommands';
import { DevboxChanges } from '../../core/changes/devboxChanges';
import type { Disposable } from '../../core/events';
import { runningGuard } from '../../core/files/runningGuard';
import { onceRule } from '../../core/http/retryRules';
import { RuntimeError } from '../../core/errors';
import type { SignedIn } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import { extensionProblem } from '../messages/extensionProblems';
import type { Log } from '../messages/log';
import { failureText } from '../messages/showFailure';
import { ChangeDocuments } from './changeDocuments';
import { ChangeNode, noteNode, repositoryNodes, unseenCount, type NodeChanges, type NodeContext } from './changeNodes';
import { DevboxLook, type DevboxState } from './devboxLook';
import { MarkedSeen } from './markedSeen';

/** Milliseconds after which opening the row again means to look again. */
const freshMs = 1_000;

export interface ChangesServices {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: Pick<DevboxStore, 'get'>;
  readonly fileSystem: { rootOf(devboxId: string): Promise<Uri>; refresh(folder: Uri): void };
  readonly globalState: Memento;
  readonly log: Log;
}

interface OneDevbox {
  readonly root: ChangeNode;
  look: DevboxLook | undefined;
  /** The rows of the state that is shown. */
  rows: { readonly of: DevboxState; readonly nodes: readonly ChangeNode[] } | undefined;
  failure: unknown;
}

/** The changes in the devboxes of this window's account, as rows, documents and what commands act on. */
export class Changes implements Disposable {
  readonly #services: ChangesServices;
  readonly #seen: MarkedSeen;
  readonly #devboxes = new Map<string, OneDevbox>();
  readonly #changed = new EventEmitter<ChangeNode[]>();
  readonly onDidChange = this.#changed.event;
  readonly #documents: ChangeDocuments;

  constructor(services: ChangesServices) {
    this.#services = services;
    this.#seen = new MarkedSeen(services.globalState);
    this.#documents = new ChangeDocuments((devboxId) => this.#devboxes.get(devboxId)?.look);
  }

  /** The row "Changes" of a devbox. */
  of(devboxId: string): ChangeNode {
    return this.#one(devboxId).root;
  }

  /** Looks again at what has been looked at. */
  async refresh(): Promise<void> {
    const looked = [...this.#devboxes].filter(([, { look }]) => look !== undefined);
    await Promise.all(looked.map(([id]) => this.look(id)));
  }

  /** Looks at a devbox now. */
  async look(devboxId: string): Promise<void> {
    const one = this.#one(devboxId);
    const before = one.rows?.of;
    try {
      const look = await this.#lookOf(one, devboxId);
      await look.again();
      one.failure = undefined;
    } catch (error) {
      one.failure = error;
    }
    // Another account's by now.
    if (this.#devboxes.get(devboxId) !== one) return;
    if (one.failure !== undefined || before !== one.look?.state) {
      this.#changed.fire([one.root]);
      const root = one.look?.state?.root;
      this.#documents.tell(devboxId);
      if (root !== undefined && before !== undefined) this.#services.fileSystem.refresh(root);
    }
  }

  /** How a devbox's files are addressed, and what reads both sides; undefined for one that was not looked at. */
  lookOf(devboxId: string): DevboxLook | undefined {
    return this.#devboxes.get(devboxId)?.look;
  }

  get documents(): ChangeDocuments {
    return this.#documents;
  }

  /** Hides changes until they change again. */
  async markSeen(devboxId: string, all: readonly NodeChanges[]): Promise<void> {
    for (const { repository, changes } of all) await this.#seen.mark(devboxId, repository.top, changes);
    const one = this.#one(devboxId);
    one.rows = undefined;
    this.#changed.fire([one.root]);
  }

  clear(): void {
    this.#devboxes.clear();
  }

  dispose(): void {
    this.#changed.dispose();
    this.#documents.dispose();
  }

  #one(devboxId: string): OneDevbox {
    let one = this.#devboxes.get(devboxId);
    if (one === undefined) {
      const root = new ChangeNode(devboxId, {
        item: () => this.#item(devboxId),
        below: () => this.#below(devboxId),
        opened: () => this.#opened(devboxId),
        isLive: true,
      });
      one = { root, look: undefined, rows: undefined, failure: undefined };
      this.#devboxes.set(devboxId, one);
    }
    return one;
  }

  #context(devboxId: string): NodeContext {
    return { devboxId, isSeen: (top) => this.#seen.of(devboxId, top) };
  }

  #item(devboxId: string): TreeItem {
    const item = new TreeItem(l10n.t('Changes'), TreeItemCollapsibleState.Collapsed);
    item.id = `${devboxId}/changes`;
    item.iconPath = new ThemeIcon('diff-multiple');
    item.contextValue = 'changes';
    const state = this.#devboxes.get(devboxId)?.look?.state;
    if (state === undefined) return item;
    const count = unseenCount(state, this.#context(devboxId));
    if (count > 0) item.description = count.toLocaleString();
    item.accessibilityInformation = { label: l10n.t('Changes, files: {0}', count) };
    return item;
  }

  async #below(devboxId: string): Promise<readonly ChangeNode[]> {
    const one = this.#one(devboxId);
    try {
      if (one.failure !== undefined) return [failedNode(devboxId, one.failure)];
      const isFirst = one.look?.state === undefined;
      const state = await (await this.#lookOf(one, devboxId)).known();
      // Its row says how many, once that is known.
      if (isFirst) queueMicrotask(() => this.#changed.fire([one.root]));
      if (one.rows?.of !== state) one.rows = { of: state, nodes: repositoryNodes(state, this.#context(devboxId)) };
      return one.rows.nodes;
    } catch (error) {
      one.failure = error;
      return [failedNode(devboxId, error)];
    }
  }

  #opened(devboxId: string): void {
    const one = this.#one(devboxId);
    const isFresh = one.failure === undefined && (one.look === undefined || one.look.ageMs < freshMs);
    if (isFresh) return;
    this.look(devboxId).catch((error: unknown) => this.#services.log.failure('Looking at changes', error));
  }

  async #lookOf(one: OneDevbox, devboxId: string): Promise<DevboxLook> {
    if (one.look !== undefined) return one.look;
    const { account, store, fileSystem } = this.#services;
    const signedIn = await account.current();
    if (signedIn === undefined) throw new RuntimeError({ problem: extensionProblem('not_signed_in') });
    const { api, ended: signal } = signedIn;
    const requireRunning = runningGuard(devboxId, {
      known: () => store.get(devboxId)?.status,
      retrieve: (limit) => api.retrieve(devboxId, { signal: limit, rule: onceRule }),
    });
    const commands = new ExecutionCommands(api, devboxId);
    const changes = new DevboxChanges({ devboxId, commands, requireRunning });
    one.look ??= new DevboxLook({ api, changes, signal, rootOf: () => fileSystem.rootOf(devboxId) });
    return one.look;
  }
}

function failedNode(devboxId: string, failure: unknown): ChangeNode {
  return noteNode(devboxId, 'failed', l10n.t('Changes could not be read'), failureText(failure), 'warning');
}
