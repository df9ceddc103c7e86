import { setTimeout as sleep } from 'node:timers/promises';
import {
  AgentInstallation,
  launchWords,
  sessionMark,
  type AgentEnvironment,
  type FoundSession,
} from '../../core/agents/agentInstallation';
import type { AgentRecipe } from '../../core/agents/agentTable';
import type { ConsentRule } from '../../core/agents/consent';
import { InstalledAgents } from '../../core/agents/installing/installedAgents';
import { sessionName } from '../../core/agents/ledger';
import { SessionsWatch } from '../../core/agents/sessionsWatch';
import { AgentSpool } from '../../core/agents/spool';
import { sessionsFolder } from '../../core/agents/spoolScripts';
import type { DevboxCommands } from '../../core/channel/devboxCommands';
import { ExecutionCommands } from '../../core/channel/executionCommands';
import { runningCommands } from '../../core/channel/runningCommands';
import { endedBy, isTransient, messageOf, RuntimeError } from '../../core/errors';
import { apiTransfer } from '../../core/files/fileTransfer';
import { oneLine } from '../../core/safeText';
import { agentsProblem } from '../../core/problems/agents';
import type { SignedIn } from '../account/account';
import { LiveAgent } from './liveAgent';

/** Milliseconds until records are looked for again, as a devbox may make new ones all the time, and until an end is noted. */
const [findMs, notedMs] = [1_000, 5_000];

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
  readonly installed: InstalledAgents;
  readonly #context: DevboxAgentsContext;
  readonly #commands: DevboxCommands;
  readonly #watch: SessionsWatch;
  readonly #agents = new Map<string, LiveAgent>();
  #home: string | undefined;
  #loading: Promise<void> | undefined;
  #loadedMs = -Infinity;
  #finding: NodeJS.Timeout | undefined;
  /** Whether the records were looked for. */
  isLoaded = false;
  /** How many records there are beside those that are shown. */
  left = 0;

  constructor(context: DevboxAgentsContext) {
    this.#context = context;
    const { account, devboxId, onFailure, requireRunning } = context;
    const commands = new ExecutionCommands(account.api, devboxId);
    this.#commands = runningCommands(commands, requireRunning);
    this.installation = new AgentInstallation(devboxId, this.#commands);
    this.installed = new InstalledAgents(devboxId, this.#commands);
    this.#watch = new SessionsWatch({
      commands,
      requireRunning,
      onChange: (isNew) => this.#lookAtAll(isNew),
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

  /** The record of the newest process of a session. */
  latestOf(agent: LiveAgent): LiveAgent {
    const root = rootOf(agent);
    // What the devbox itself has written beside them is no session of ours.
    return this.agents.find((one) => one.found.isSealed && rootOf(one) === root) ?? agent;
  }

  /** Looks for the records of sessions, now. */
  async load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  /**
   * Starts an agent that is installed, and its first turn.
   *
   * @param earlier whose session it goes on with, and how the agent calls that
   * @param keys variables with values, given by file, which the agent's start removes
   */
  async start(
    agent: AgentRecipe,
    environment: AgentEnvironment & { readonly cwd: string },
    {
      prompt,
      keys,
      signal: cancelled,
      onBegin,
      onMade,
      earlier: before,
    }: {
      readonly prompt: string;
      readonly keys: Readonly<Record<string, string>>;
      /** Cancels it, where it has not begun. */
      readonly signal?: AbortSignal;
      /** From now on there may be a process. */
      readonly onBegin?: () => void;
      readonly onMade: (made: LiveAgent) => void;
      readonly earlier?: { readonly agent: LiveAgent; readonly sessionId: string };
    },
  ): Promise<LiveAgent> {
    const { account, sealKey, devboxId } = this.#context;
    const signal = account.ended;
    // Names tell which process of a session is the latest, whatever the clocks of those who started them say.
    const startedMs = Math.max(Date.now(), (before?.agent.found.startedMs ?? 0) + 1);
    const name = sessionName(startedMs, sealKey);
    const earlier = before && { root: rootOf(before.agent), sessionId: before.sessionId };
    const mark = {
      agent: agent.id,
      agentName: agent.name,
      cwd: environment.cwd,
      startedMs,
      ...(earlier && { earlier }),
    };
    const found: FoundSession = { name, ...mark, isSealed: true, life: 'running' };
    const folder = `${environment.home}/${sessionsFolder}/${name}`;
    const spool = new AgentSpool({ devboxId, commands: this.#commands, folder, sealKey });
    this.#home = environment.home;
    const keysFolder = Object.keys(keys).length === 0 ? undefined : await this.installation.keysFolder(signal);
    try {
      if (keysFolder !== undefined) await this.#leaveKeys(`${keysFolder}/keys`, keys);
      const command = launchWords(agent, environment.home, keysFolder === undefined ? '' : `${keysFolder}/keys`);
      const start = { command, cwd: environment.cwd, mark: sessionMark(name, mark, sealKey), signal };
      if (cancelled?.aborted === true) throw endedBy(cancelled, devboxId);
      onBegin?.();
      if (earlier === undefined) {
        await spool.start(start);
      } else if ((await spool.startAfter(start, earlier.root)) !== undefined) {
        await this.load();
        const problem = agentsProblem('agent_continued_already', { name: oneLine(agent.name, 40) });
        throw new RuntimeError({ problem, devboxId });
      }
      const live = this.#live(found);
      this.#noteContinued();
      onMade(live);
      this.#watch.want(true);
      const given = agent.variables.find(
        (variable) => keys[variable.name] !== undefined || environment.has.has(variable.name),
      );
      try {
        await live.begin(prompt, { authMethod: given?.authMethod, mode: agent.mode });
      } catch (error) {
        await live.end('failed');
        throw isWithoutCommand(error, agent) ? this.#noCommand(agent, error) : error;
      }
      return live;
    } finally {
      if (keysFolder !== undefined) await this.installation.removeKeys(keysFolder, signal);
    }
  }

  #noCommand({ name, run }: AgentRecipe, cause: unknown): RuntimeError {
    const command = oneLine(run[0], 80);
    const problem = agentsProblem('agent_no_command', { name: oneLine(name, 40), command });
    return new RuntimeError({ problem, devboxId: this.#context.devboxId, cause });
  }

  /** Nothing is watched any more. */
  close(): void {
    this.#watch.want(false);
    clearTimeout(this.#finding);
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
    this.#noteContinued();
    this.isLoaded = true;
    const unclear = this.agents.filter((agent) => (agent.isRead ? isAlive(agent) : agent.found.life === 'running'));
    await Promise.all(unclear.map((agent) => agent.look()));
    this.#watchIfAny();
  }

  #noteContinued(): void {
    for (const agent of this.#agents.values()) agent.isContinued = this.latestOf(agent) !== agent;
  }

  #live(found: FoundSession): LiveAgent {
    const { devboxId, sealKey, who, rules, beforeTurn, onChange, onFailure, account } = this.#context;
    const agent: LiveAgent = new LiveAgent(found, {
      devboxId,
      commands: this.#commands,
      folder: `${this.#home ?? ''}/${sessionsFolder}/${found.name}`,
      sealKey,
      shortcut: (words, frame) => this.#watch.tell(words, frame),
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

  /** @param isNew whether there may be a session of another window */
  #lookAtAll(isNew: boolean): void {
    if (isNew) this.#loadSoon();
    const look = (agents: readonly LiveAgent[]): Promise<unknown> => Promise.all(agents.map((agent) => agent.look()));
    const alive = this.agents.filter(isAlive);
    const lookAgain = async (): Promise<void> => {
      const lost = alive.filter(({ state }) => state === 'lost');
      if (lost.length > 0) await sleep(notedMs, undefined, { ref: false });
      if (!this.#context.account.ended.aborted) await look(lost);
    };
    this.#follow(look(alive).then(lookAgain));
  }

  /** After what is looked for already: that may have begun before there was something new. */
  #loadSoon(): void {
    this.#finding ??= setTimeout(
      () => {
        this.#finding = undefined;
        const earlier = this.#loading ?? Promise.resolve();
        this.#follow(earlier.catch(() => undefined).then(() => this.load()));
      },
      Math.max(0, this.#loadedMs + findMs - performance.now()),
    );
  }

  #follow(looking: Promise<unknown>): void {
    looking
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

/** Whether its process is there, as far as this window knows. */
export function isAlive({ state }: LiveAgent): boolean {
  return ['starting', 'working', 'waiting', 'done', 'suspended'].includes(state);
}

/** Whether bash has said that it finds no such command as a person's setting has. */
function isWithoutCommand(error: unknown, { id, run: [command] }: AgentRecipe): boolean {
  if (!RuntimeError.is(error) || error.problem.id !== 'agent_at_once' || !id.startsWith('own-')) return false;
  const why = messageOf(error);
  return [`exec: ${command}: not found`, `${command}: No such file or directory`, `${command}: cannot execute`].some(
    (words) => why.includes(words),
  );
}

/** The record in which a session began; only what our windows have written says that it was in another one. */
function rootOf({ found }: LiveAgent): string {
  return found.isSealed ? (found.earlier?.root ?? found.name) : found.name;
}
