import {
  AgentInstallation,
  launchWords,
  sessionMark,
  sessionName,
  sessionsFolder,
  type AgentPlace,
  type FoundSession,
} from '../../core/agents/agentPlace';
import type { AgentRecipe } from '../../core/agents/agentTable';
import type { ConsentRule } from '../../core/agents/consent';
import { SessionsWatch } from '../../core/agents/sessionsWatch';
import { AgentSpool } from '../../core/agents/spool';
import { ExecutionCommands } from '../../core/channel/executionCommands';
import { isTransient } from '../../core/errors';
import { apiTransfer } from '../../core/files/fileTransfer';
import type { SignedIn } from '../account/account';
import { LiveAgent } from './liveAgent';

/** Milliseconds until sessions of other windows are looked for again. */
const findMs = 5_000;

export interface DevboxAgentsContext {
  readonly devboxId: string;
  readonly account: SignedIn;
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
  readonly sealKey: Uint8Array;
  readonly who: string;
  readonly rules: () => readonly ConsentRule[];
  /** Done before each prompt to an agent in this folder; does not fail. */
  readonly beforeTurn: (folder: string) => Promise<void>;
  readonly onChange: (agent: LiveAgent) => void;
  readonly onFailure: (doing: string, error: unknown) => void;
}

/** The agents of one devbox, found by their records in it. */
export class DevboxAgents {
  readonly installation: AgentInstallation;
  readonly #context: DevboxAgentsContext;
  readonly #commands: ExecutionCommands;
  readonly #watch: SessionsWatch;
  readonly #agents = new Map<string, LiveAgent>();
  #home: string | undefined;
  #loading: Promise<void> | undefined;
  #loadedMs = -Infinity;
  /** Whether the records were looked for. */
  isLoaded = false;
  /** How many records there are beside those that are shown. */
  left = 0;

  constructor(context: DevboxAgentsContext) {
    this.#context = context;
    const { account, devboxId, onFailure, requireRunning } = context;
    this.#commands = new ExecutionCommands(account.api, devboxId);
    this.installation = new AgentInstallation(devboxId, this.#commands);
    this.#watch = new SessionsWatch({
      commands: this.#commands,
      requireRunning,
      onChange: () => this.#lookAtAll(),
      onStopped: () => this.#stopped(),
      onFailure: (error) => onFailure('Watching agents', error),
      signal: account.ended,
    });
  }

  /** The newest first. */
  get agents(): readonly LiveAgent[] {
    return [...this.#agents.values()].sort((a, b) => (a.found.name < b.found.name ? 1 : -1));
  }

  get(session: string): LiveAgent | undefined {
    return this.#agents.get(session);
  }

  /** Looks for the records of sessions, now. */
  async load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  /**
   * Starts an agent that is installed, and its first turn.
   *
   * @param keys variables with values, given by file, which the agent's start removes
   */
  async start(
    agent: AgentRecipe,
    place: AgentPlace & { readonly cwd: string },
    {
      prompt,
      keys,
      onMade,
    }: {
      readonly prompt: string;
      readonly keys: Readonly<Record<string, string>>;
      readonly onMade: (made: LiveAgent) => void;
    },
  ): Promise<LiveAgent> {
    const { account, sealKey, devboxId } = this.#context;
    const signal = account.ended;
    const startedMs = Date.now();
    const name = sessionName(startedMs);
    const mark = { agent: agent.id, agentName: agent.name, cwd: place.cwd, startedMs };
    const found: FoundSession = { name, ...mark, isSealed: true, life: 'running' };
    const folder = `${place.home}/${sessionsFolder}/${name}`;
    const spool = new AgentSpool({ devboxId, commands: this.#commands, folder, sealKey });
    this.#home = place.home;
    const keysFolder = Object.keys(keys).length === 0 ? undefined : await this.installation.keysFolder(signal);
    try {
      if (keysFolder !== undefined) await this.#leaveKeys(`${keysFolder}/keys`, keys);
      const command = launchWords(agent, place.home, keysFolder === undefined ? '' : `${keysFolder}/keys`);
      await spool.start({ command, cwd: place.cwd, mark: sessionMark(name, mark, sealKey), signal });
      const live = this.#live(found);
      onMade(live);
      this.#watch.want(true);
      const given = agent.variables.find(
        (variable) => keys[variable.name] !== undefined || place.has.has(variable.name),
      );
      try {
        await live.begin(prompt, given?.authMethod);
      } catch (error) {
        await live.end();
        throw error;
      }
      return live;
    } finally {
      if (keysFolder !== undefined) await this.installation.removeKeys(keysFolder, signal);
    }
  }

  /** Nothing is watched any more. */
  close(): void {
    this.#watch.want(false);
  }

  async #leaveKeys(path: string, keys: Readonly<Record<string, string>>): Promise<void> {
    const { account, devboxId } = this.#context;
    const bytes = Buffer.from(
      Object.entries(keys)
        .map(([name, value]) => `${name}=${value}\0`)
        .join(''),
    );
    const content = { size: bytes.length, bytes: [bytes] };
    await apiTransfer(account.api).upload(devboxId, { path, content, signal: account.ended });
  }

  async #load(): Promise<void> {
    const { account, sealKey, requireRunning } = this.#context;
    const signal = account.ended;
    await requireRunning(signal, false);
    this.#loadedMs = performance.now();
    this.#home ??= await this.installation.home(signal);
    const { sessions, left } = await this.installation.sessions(this.#home, sealKey, signal);
    this.left = left;
    for (const found of sessions) {
      if (!this.#agents.has(found.name)) this.#live(found);
    }
    this.isLoaded = true;
    const unclear = this.agents.filter((agent) => (agent.isRead ? isAlive(agent) : agent.found.life === 'running'));
    await Promise.all(unclear.map((agent) => agent.look()));
    this.#watchIfAny();
  }

  #live(found: FoundSession): LiveAgent {
    const { devboxId, sealKey, who, rules, beforeTurn, onChange, onFailure, account } = this.#context;
    const agent: LiveAgent = new LiveAgent(found, {
      devboxId,
      commands: this.#commands,
      folder: `${this.#home ?? ''}/${sessionsFolder}/${found.name}`,
      sealKey,
      who,
      rules,
      beforeTurn: () => beforeTurn(found.cwd),
      onChange: () => onChange(agent),
      onFailure: (error) => onFailure('Following an agent', error),
      signal: account.ended,
    });
    this.#agents.set(found.name, agent);
    return agent;
  }

  /** A session of another window may be new as well. */
  #lookAtAll(): void {
    const all = this.agents.filter((agent) => isAlive(agent)).map((agent) => agent.look());
    if (performance.now() - this.#loadedMs > findMs) all.push(this.load());
    Promise.all(all)
      .then(() => this.#watchIfAny())
      .catch((error: unknown) => {
        if (!isTransient(error)) this.#context.onFailure('Following agents', error);
      });
  }

  /** Their processes are gone with the devbox; after it was resumed their records tell more. */
  #stopped(): void {
    this.isLoaded = false;
    for (const agent of this.agents.filter(isAlive)) agent.suspended();
  }

  #watchIfAny(): void {
    this.#watch.want(this.agents.some(isAlive));
  }
}

function isAlive({ state }: LiveAgent): boolean {
  return ['starting', 'working', 'waiting', 'done', 'suspended'].includes(state);
}
