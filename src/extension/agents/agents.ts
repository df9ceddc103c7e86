import { hostname, userInfo } from 'node:os';
import { EventEmitter, type Memento, type TreeItem, type Uri } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { runningGuard } from '../../core/files/runningGuard';
import { onceRule } from '../../core/http/retryRules';
import { oneLine } from '../../core/safeText';
import type { SignedIn } from '../account/account';
import type { Secrets } from '../account/limitedSecrets';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxName } from '../devboxes/devboxText';
import { extensionProblem } from '../messages/extensionProblems';
import { withDeadline } from '../../ground/deadline';
import { unlessAborted } from '../messages/cancellation';
import type { Log } from '../messages/log';
import { AgentDocuments } from './agentDocuments';
import { AgentDevboxes, isMarked, sealKeyOf } from './agentDevboxes';
import {
  actionNodes,
  AgentNode,
  byNeed,
  leftNode,
  needFacts,
  noteNode,
  requestNodes,
  sessionItem,
  tellThatItWaits,
  topItem,
} from './agentRows';
import { ConsentRules } from './consentRules';
import { DevboxAgents, isAlive } from './devboxAgents';
import type { LiveAgent } from './liveAgent';

/** Milliseconds between two drawings of rows and documents. */
const drawMs = 100;
/** Milliseconds that a prompt waits until what it changes can be told later. */
const noteMs = 15_000;

export interface AgentsServices {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: Pick<DevboxStore, 'get' | 'living' | 'onDidChange'>;
  readonly secrets: Secrets;
  readonly globalState: Memento;
  /** That all windows share. */
  readonly sharedFolder: string;
  readonly devboxUse: { used(devboxId: string): void };
  readonly fileSystem: { rootOf(devboxId: string): Promise<Uri> };
  /** Keeps how a folder is before a turn of an agent. */
  readonly noteTurn: (devboxId: string, folder: string, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

interface OneDevbox {
  readonly root: AgentNode;
  readonly sessions: Map<string, AgentNode>;
  agents: DevboxAgents | undefined;
  /** Whether its agents were looked for without being asked. */
  isSought: boolean;
}

/** The agents in the devboxes of this window's account, as rows, documents and what commands act on. */
export class Agents implements Disposable {
  readonly rules: ConsentRules;
  readonly documents: AgentDocuments;
  readonly sources: AgentsServices;
  readonly #known: AgentDevboxes;
  readonly #devboxes = new Map<string, OneDevbox>();
  readonly #changed = new EventEmitter<AgentNode[]>();
  readonly onDidChange = this.#changed.event;
  /** Devboxes that were drawn a moment ago, and whether they are stale since. */
  readonly #drawn = new Map<string, { readonly timer: NodeJS.Timeout; isStale: boolean }>();
  /** Sessions that somebody was told of, as long as they wait. */
  readonly #told = new Set<LiveAgent>();
  readonly #hearing: Disposable;
  readonly #sealKey: () => Promise<Uint8Array>;

  constructor(services: AgentsServices) {
    this.sources = services;
    this.#sealKey = sealKeyOf(services.secrets, services.sharedFolder);
    this.rules = new ConsentRules(services.globalState);
    this.#known = new AgentDevboxes(services.globalState, (error) =>
      services.log.failure('Remembering where agents are', error),
    );
    this.documents = new AgentDocuments({
      find: (devboxId, session) => this.find(devboxId, session),
      nameOf: (devboxId) => this.nameOf(devboxId),
      rulesOf: (devboxId) => this.rules.of(devboxId).length,
      rootOf: (devboxId) => services.fileSystem.rootOf(devboxId),
    });
    this.#hearing = services.store.onDidChange(() => this.#seekAll());
    this.#seekAll();
  }

  /** Sessions that wait for a person. */
  get needsYou(): number {
    const all = [...this.#devboxes.values()].flatMap(({ agents }) => agents?.agents ?? []);
    return all.filter(({ state }) => state === 'waiting').length;
  }

  factsOf(devboxId: string): ReturnType<typeof needFacts> {
    return needFacts(this.#devboxes.get(devboxId)?.agents?.agents ?? []);
  }

  /** The row "Agents" of a devbox. Where this editor has seen agents, those that wait are looked for with it. */
  of(devboxId: string): AgentNode {
    const { root } = this.#one(devboxId);
    if (this.#known.has(devboxId)) this.#seekOnce(devboxId);
    return root;
  }

  async refresh(): Promise<void> {
    await Promise.all(
      [...this.#devboxes].map(async ([devboxId, { agents, root }]) => {
        if (agents?.isLoaded !== true || this.sources.store.get(devboxId)?.status !== 'running') return;
        await agents.load();
        this.#changed.fire([root]);
      }),
    );
  }

  /** Sessions are followed whether or not a row is seen. */
  show(): void {
    return;
  }

  find(devboxId: string, session: string): LiveAgent | undefined {
    return this.#devboxes.get(devboxId)?.agents?.get(session);
  }

  /** A devbox, in words. */
  nameOf(devboxId: string): string {
    const devbox = this.sources.store.get(devboxId);
    return devbox === undefined ? oneLine(devboxId, 60) : devboxName(devbox);
  }

  /** What starts and finds agents in a devbox of this account. */
  async in(devboxId: string): Promise<DevboxAgents> {
    const one = this.#one(devboxId);
    if (one.agents !== undefined) return one.agents;
    const { account: accounts, store, log } = this.sources;
    const account = await accounts.current();
    if (account === undefined) throw new RuntimeError({ problem: extensionProblem('not_signed_in') });
    const sealKey = await this.#sealKey();
    one.agents ??= new DevboxAgents({
      devboxId,
      account,
      requireRunning: runningGuard(devboxId, {
        known: () => store.get(devboxId)?.status,
        retrieve: (limit) => account.api.devboxes.retrieve(devboxId, { signal: limit, rule: onceRule }),
      }),
      sealKey,
      who: `${userInfo().username} (${hostname()})`,
      rules: () => this.rules.of(devboxId),
      beforeTurn: (folder) => this.#noteTurn(devboxId, folder, account.ended),
      onChange: (agent) => this.#agentChanged(agent),
      onFailure: (doing, error) => {
        if (!account.ended.aborted) log.failure(doing, error);
      },
    });
    return one.agents;
  }

  clear(): void {
    for (const { agents } of this.#devboxes.values()) agents?.close();
    this.#devboxes.clear();
    this.#told.clear();
  }

  dispose(): void {
    this.#hearing.dispose();
    this.clear();
    for (const { timer } of this.#drawn.values()) clearTimeout(timer);
    this.#changed.dispose();
    this.documents.dispose();
  }

  #one(devboxId: string): OneDevbox {
    let one = this.#devboxes.get(devboxId);
    if (one === undefined) {
      const root = new AgentNode(devboxId, {
        isTop: true,
        item: () => this.#topItem(devboxId),
        below: () => this.#below(devboxId),
      });
      one = { root, sessions: new Map(), agents: undefined, isSought: false };
      this.#devboxes.set(devboxId, one);
    }
    return one;
  }

  #topItem(devboxId: string): TreeItem {
    const agents = this.#devboxes.get(devboxId)?.agents;
    return topItem(devboxId, agents?.agents ?? [], agents !== undefined);
  }

  /**
   * Marked devboxes are looked into once they run: who started an agent there may be at another computer. Sessions that were
   * seen before their devbox was suspended are looked at when it runs again: their processes are gone.
   */
  #seekAll(): void {
    for (const devbox of this.sources.store.living) {
      if (devbox.status === 'running' && isMarked(devbox)) this.#seekOnce(devbox.id);
    }
    for (const [devboxId, { agents, root }] of this.#devboxes) {
      if (agents === undefined || agents.isLoaded || !agents.agents.some(isAlive)) continue;
      if (this.sources.store.get(devboxId)?.status === 'running') this.#seekSoon(devboxId, root);
    }
  }

  #seekOnce(devboxId: string): void {
    const one = this.#one(devboxId);
    if (!one.isSought) this.#seekSoon(devboxId, one.root);
    one.isSought = true;
  }

  #seekSoon(devboxId: string, root: AgentNode): void {
    this.#seek(devboxId, root).catch((error: unknown) => this.sources.log.failure('Looking for agents', error));
  }

  async #seek(devboxId: string, root: AgentNode): Promise<void> {
    const agents = await this.in(devboxId);
    if (agents.isLoaded) return;
    await agents.load();
    this.#changed.fire([root]);
  }

  async #below(devboxId: string): Promise<readonly AgentNode[]> {
    const one = this.#one(devboxId);
    try {
      const agents = await this.in(devboxId);
      if (!agents.isLoaded) {
        await agents.load();
        queueMicrotask(() => this.#changed.fire([one.root]));
      }
      if (agents.agents.length === 0) return [noteNode(devboxId)];
      const rows = byNeed(agents.agents).map((agent) => this.#sessionNode(one, agent));
      return agents.left > 0 ? [...rows, leftNode(devboxId, agents.left)] : rows;
    } catch (error) {
      return [noteNode(devboxId, error)];
    }
  }

  #sessionNode(one: OneDevbox, agent: LiveAgent): AgentNode {
    let node = one.sessions.get(agent.found.name);
    if (node === undefined) {
      node = new AgentNode(agent.devboxId, {
        item: () => sessionItem(agent, Date.now()),
        below: () => Promise.resolve([...requestNodes(agent), ...actionNodes(agent)]),
      });
      one.sessions.set(agent.found.name, node);
    }
    return node;
  }

  #agentChanged(agent: LiveAgent): void {
    const { state, devboxId } = agent;
    this.#known.add(devboxId);
    if (agent.found.isSealed && isAlive(agent)) this.#known.mark(devboxId, this.sources);
    if (state === 'working') this.sources.devboxUse.used(devboxId);
    if (state === 'waiting' && !this.#told.has(agent)) {
      this.#told.add(agent);
      if (!this.documents.isSeen(agent)) tellThatItWaits(this.nameOf(devboxId), agent, this.sources.log);
    } else if (state !== 'waiting') {
      this.#told.delete(agent);
    }
    this.#draw(devboxId);
  }

  /** At once, then now and then: a person waits for the first change, and no one for each of many. */
  #draw(devboxId: string): void {
    const earlier = this.#drawn.get(devboxId);
    if (earlier !== undefined) {
      earlier.isStale = true;
      return;
    }
    const later = (): void => {
      this.#drawn.delete(devboxId);
      if (drawn.isStale) this.#draw(devboxId);
    };
    const drawn = { timer: setTimeout(later, drawMs), isStale: false };
    this.#drawn.set(devboxId, drawn);
    const root = this.#devboxes.get(devboxId)?.root;
    if (root !== undefined) this.#changed.fire([root]);
    this.documents.changed(devboxId);
  }

  /** What differs by the turn is then told by the changes; where it cannot be kept, there is no such group. */
  async #noteTurn(devboxId: string, folder: string, ended: AbortSignal): Promise<void> {
    try {
      await withDeadline(noteMs, ended, (signal) =>
        unlessAborted(this.sources.noteTurn(devboxId, folder, signal), signal, devboxId),
      );
    } catch (error) {
      // Without git there is nothing to keep.
      const isUsual = RuntimeError.is(error) && error.problem.id === 'changes_no_git';
      if (!isUsual && !ended.aborted) this.sources.log.failure('Keeping how a folder was before a turn', error);
    }
  }
}
