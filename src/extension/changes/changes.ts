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
import { ChangesInEditor } from './changesInEditor';
import { ChangeNode, noteNode, type NodeChanges } from './changeNode';
import { repositoryNodes } from './changeNodes';
import { countFacts } from './changeText';
import { DevboxLook, plainFolder, type DevboxState } from './devboxLook';
import { LiveChanges, type ChangeWatch } from './liveChanges';
import { MarkedSeen } from './markedSeen';
import type { ReviewReceiver } from './review/reviewReceivers';

/** Milliseconds after which opening the row again means to look again. */
const freshMs = 1_000;

/** Repositories of which the beginning of a turn is kept. */
const mostNoted = 10;

export interface ChangesServices {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: Pick<DevboxStore, 'get' | 'onDidChange'>;
  readonly fileSystem: {
    rootOf(devboxId: string, of?: SignedIn): Promise<Uri>;
    refresh(folder: Uri): void;
    watching(): Promise<ChangeWatch>;
  };
  /** What takes reviews of a devbox beside the usual: sessions of agents. */
  readonly receivers: (devboxId: string) => Promise<readonly ReviewReceiver[]>;
  readonly globalState: Memento;
  readonly log: Log;
}

/** A state as its rows show it. */
interface ShownState {
  readonly of: DevboxState;
  readonly nodes: readonly ChangeNode[];
  /** Files that differ and are not marked as seen. */
  readonly count: number;
}

interface OneDevbox {
  readonly root: ChangeNode;
  look: DevboxLook | undefined;
  shown: ShownState | undefined;
  failure: unknown;
  /** Whether somebody has opened it: not where only its start was noted. */
  isLookedAt: boolean;
}

/** The changes in the devboxes of this window's account, as rows, documents and what commands act on. */
export class Changes implements Disposable {
  readonly #services: ChangesServices;
  readonly #seen: MarkedSeen;
  readonly #devboxes = new Map<string, OneDevbox>();
  readonly #changed = new EventEmitter<ChangeNode[]>();
  readonly onDidChange = this.#changed.event;
  readonly #live: LiveChanges;
  readonly inEditor: ChangesInEditor;

  constructor(services: ChangesServices) {
    this.#services = services;
    this.#seen = new MarkedSeen(services.globalState);
    this.inEditor = new ChangesInEditor({
      ...services,
      looks: () => this.#devboxes,
      lookOf: (devboxId) => this.lookOf(devboxId),
      onLookedAt: () => this.#live.again(),
      // The rows tell how much of it waits.
      onReviewed: () => {
        const shown = [...this.#devboxes].filter(([, { shown: rows }]) => rows !== undefined);
        Promise.all(shown.map(([id, one]) => this.#showAnew(id, one))).catch((error: unknown) =>
          services.log.failure('Showing how many comments wait', error),
        );
      },
    });
    this.#live = new LiveChanges({
      watching: () => services.fileSystem.watching(),
      stateOf: (devboxId) => this.lookOf(devboxId)?.state,
      alsoSeen: () => this.inEditor.lookedAt,
      ageMsOf: (devboxId) => this.lookOf(devboxId)?.ageMs ?? 0,
      look: (devboxId, only) => this.look(devboxId, only),
      log: services.log,
    });
  }

  /** The row "Changes" of a devbox. */
  of(devboxId: string): ChangeNode {
    return this.#one(devboxId).root;
  }

  /** Files that differ and are not marked as seen, as of the last look; undefined where there was none. */
  countOf(devboxId: string): number | undefined {
    return this.#devboxes.get(devboxId)?.shown?.count;
  }

  factsOf(devboxId: string): ReturnType<typeof countFacts> {
    return countFacts(this.countOf(devboxId) ?? 0);
  }

  /** Looks again at what somebody has looked at. */
  async refresh(): Promise<void> {
    const seen = new Set(this.inEditor.lookedAt);
    const looked = [...this.#devboxes].filter(([id, { look, isLookedAt }]) => look && (isLookedAt || seen.has(id)));
    await Promise.all(looked.map(([id]) => this.look(id)));
  }

  /** Devboxes whose row is open in a view that is seen: what changes in them is shown while it is. */
  show(devboxIds: readonly string[]): void {
    this.#live.show(devboxIds);
  }

  /** Looks at a devbox that was just started, in the account that started it: what it holds is kept as the start. */
  async noteStart(devboxId: string, of: SignedIn): Promise<void> {
    if (of.ended.aborted) return;
    this.#lookIn(this.#one(devboxId), devboxId, of);
    await this.look(devboxId);
  }

  /** Looks at a devbox now. @param only repositories that are read anew, where not all are */
  async look(devboxId: string, only?: ReadonlySet<string>): Promise<void> {
    const one = this.#one(devboxId);
    const before = one.shown?.of;
    try {
      const look = await this.#lookOf(one, devboxId);
      await this.#show(one, devboxId, await look.again(only));
      one.failure = undefined;
    } catch (error) {
      one.failure = error;
    }
    // Another account's by now.
    if (this.#devboxes.get(devboxId) !== one) return;
    this.#live.again();
    if (one.failure === undefined) this.inEditor.looked();
    if (one.failure !== undefined || before !== one.look?.state) {
      this.#changed.fire([one.root]);
      const root = one.look?.state?.root;
      this.inEditor.documents.tell(devboxId);
      if (root !== undefined && before !== undefined && only === undefined) this.#services.fileSystem.refresh(root);
    }
  }

  /** How a devbox's files are addressed, and what reads both sides; undefined for one that was not looked at. */
  lookOf(devboxId: string): DevboxLook | undefined {
    return this.#devboxes.get(devboxId)?.look;
  }

  /** What takes reviews of a devbox beside the usual; none where it does not run. */
  async receivers(devboxId: string): Promise<readonly ReviewReceiver[]> {
    const { store, receivers, log } = this.#services;
    if (store.get(devboxId)?.status !== 'running') return [];
    try {
      return await receivers(devboxId);
    } catch (error) {
      log.failure('Looking for agents', error);
      return [];
    }
  }

  /**
   * Keeps what the repositories in and around a folder hold now as the beginning of a turn of an agent.
   *
   * @throws RuntimeError where that cannot be, as without git
   */
  async noteTurn(devboxId: string, folder: string, signal: AbortSignal): Promise<void> {
    const { changes, state } = await this.#lookOf(this.#one(devboxId), devboxId);
    const found = await changes.find(folder, signal);
    await Promise.all(found.repositories.slice(0, mostNoted).map((top) => changes.noteTurn(top, signal)));
    if (found.plain !== undefined) {
      // Of a folder without git, the whole is noted that the view shows.
      const { path } = await this.#services.fileSystem.rootOf(devboxId);
      const isBelow = folder !== path && folder.startsWith(`${path}/`);
      const plain = plainFolder(isBelow ? await changes.find(path, signal) : found);
      if (plain !== undefined) await changes.noteTurn(plain, signal, { hasGit: false });
    }
    if (state === undefined || signal.aborted) return;
    this.look(devboxId).catch((error: unknown) => this.#services.log.failure('Looking at changes', error));
  }

  /** Hides changes until they change again, or shows them again. */
  async markSeen(devboxId: string, all: readonly NodeChanges[], isSeen: boolean): Promise<void> {
    for (const { repository, changes } of all) await this.#seen.mark(devboxId, repository.top, { changes, isSeen });
    await this.#showAnew(devboxId, this.#one(devboxId));
  }

  clear(): void {
    this.#devboxes.clear();
    this.inEditor.clear();
    this.#live.again();
  }

  dispose(): void {
    this.#changed.dispose();
    this.#live.dispose();
    this.inEditor.dispose();
  }

  #one(devboxId: string): OneDevbox {
    let one = this.#devboxes.get(devboxId);
    if (one === undefined) {
      const root = new ChangeNode(devboxId, {
        item: () => this.#item(devboxId),
        below: () => this.#below(devboxId),
        opened: () => this.#opened(devboxId),
        isTop: true,
      });
      one = { root, look: undefined, shown: undefined, failure: undefined, isLookedAt: false };
      this.#devboxes.set(devboxId, one);
    }
    return one;
  }

  async #showAnew(devboxId: string, one: OneDevbox): Promise<void> {
    if (one.look?.state !== undefined) await this.#show(one, devboxId, one.look.state, { anew: true });
    this.#changed.fire([one.root]);
  }

  /** Makes what is shown of a state. */
  async #show(one: OneDevbox, devboxId: string, of: DevboxState, { anew = false } = {}): Promise<ShownState> {
    if (one.shown?.of === of && !anew) return one.shown;
    const { seen, unseenCount: count } = await this.#seen.in(devboxId, of);
    const threads = this.inEditor.reviewMemory.in(devboxId);
    const shown = { of, nodes: repositoryNodes(of, { devboxId, seen, threads }), count };
    if (one.look?.state === of) one.shown = shown;
    if (one.look?.state === of) this.inEditor.again(devboxId);
    return shown;
  }

  #item(devboxId: string): TreeItem {
    const item = new TreeItem(l10n.t('Changes'), TreeItemCollapsibleState.Collapsed);
    item.id = `${devboxId}/changes`;
    item.iconPath = new ThemeIcon('diff-multiple');
    item.contextValue = 'changes';
    item.accessibilityInformation = { label: l10n.t('Changes') };
    const count = this.countOf(devboxId);
    if (count === undefined) return item;
    if (count > 0) item.description = count.toLocaleString();
    item.accessibilityInformation = { label: l10n.t('Changes, files: {0}', count) };
    return item;
  }

  async #below(devboxId: string): Promise<readonly ChangeNode[]> {
    const one = this.#one(devboxId);
    one.isLookedAt = true;
    try {
      if (one.failure !== undefined) return [failedNode(devboxId, one.failure)];
      const isFirst = one.shown === undefined;
      const state = await (await this.#lookOf(one, devboxId)).known();
      const { nodes } = await this.#show(one, devboxId, state);
      this.#live.again();
      // Its row says how many, once that is known.
      if (isFirst) queueMicrotask(() => this.#changed.fire([one.root]));
      return nodes;
    } catch (error) {
      one.failure = error;
      return [failedNode(devboxId, error)];
    }
  }

  #opened(devboxId: string): void {
    const one = this.#one(devboxId);
    const isFresh = one.failure === undefined && (one.look === undefined || one.look.sinceMs < freshMs);
    if (isFresh) return;
    this.look(devboxId).catch((error: unknown) => this.#services.log.failure('Looking at changes', error));
  }

  async #lookOf(one: OneDevbox, devboxId: string): Promise<DevboxLook> {
    if (one.look !== undefined) return one.look;
    const signedIn = await this.#services.account.current();
    if (signedIn === undefined) throw new RuntimeError({ problem: extensionProblem('not_signed_in') });
    return this.#lookIn(one, devboxId, signedIn);
  }

  #lookIn(one: OneDevbox, devboxId: string, signedIn: SignedIn): DevboxLook {
    const { store, fileSystem, log } = this.#services;
    const { api, ended: signal } = signedIn;
    const requireRunning = runningGuard(devboxId, {
      known: () => store.get(devboxId)?.status,
      retrieve: (limit) => api.devboxes.retrieve(devboxId, { signal: limit, rule: onceRule }),
    });
    const onLeft = (error: unknown): void => log.failure('Taking away what a devbox had written for us', error);
    const commands = new ExecutionCommands(api, devboxId, onLeft);
    const changes = new DevboxChanges({ devboxId, commands, requireRunning });
    one.look ??= new DevboxLook({ api, changes, signal, rootOf: () => fileSystem.rootOf(devboxId, signedIn) });
    return one.look;
  }
}

function failedNode(devboxId: string, failure: unknown): ChangeNode {
  return noteNode(devboxId, 'failed', l10n.t('Changes could not be read'), failureText(failure), 'warning');
}
