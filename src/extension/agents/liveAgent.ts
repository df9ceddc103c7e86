import { AgentSession } from '../../core/agents/agentSession';
import type { FoundSession } from '../../core/agents/agentInstallation';
import { isAllowed, pathsIn, type ConsentRule, type RequestOrigin } from '../../core/agents/consent';
import { AgentSpool, type SpoolContext } from '../../core/agents/spool';
import { Transcript } from '../../core/agents/transcript';
import type { Choice, WaitingRequest } from '../../core/agents/waiting';
import type { DevboxCommands } from '../../core/channel/devboxCommands';
import { isTransient, RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import { agentsProblem } from '../../core/problems/agents';
import { noDetails } from '../../core/problems/problem';
import { redact } from '../../core/redact';

/** How an answer says in the ledger that nobody was asked; not for people. */
export const byRule = 'rule';

/** Ids of sessions that are kept beside a record: what an agent calls its session may be anything. */
const sessionIds = /^[ -~]{1,300}$/;

/** How a session is, in one word. */
export type AgentState = 'starting' | 'working' | 'waiting' | 'done' | 'failed' | 'ended' | 'lost' | 'suspended';

export interface LiveAgentContext {
  readonly devboxId: string;
  readonly commands: DevboxCommands;
  /** The absolute folder of the session's record. */
  readonly folder: string;
  readonly sealKey: Uint8Array;
  readonly shortcut?: SpoolContext['shortcut'];
  /** The person at this window, for those at others. */
  readonly who: string;
  readonly rules: () => readonly ConsentRule[];
  /** Done before each prompt, for a limited time; does not fail. */
  readonly beforeTurn: () => Promise<void>;
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
  /** Ends with the account. */
  readonly signal: AbortSignal;
}

/** A session of an agent as this window sees it. */
export class LiveAgent {
  readonly found: FoundSession;
  readonly transcript = new Transcript();
  readonly #context: LiveAgentContext;
  readonly #spool: AgentSpool;
  readonly #opening: Promise<AgentSession>;
  readonly #considered = new Set<string>();
  #session: AgentSession | undefined;
  #exitCode: number | undefined;
  /** What its end is called, where this window has ended it. */
  #endWord: 'ended' | 'failed' | undefined;
  #isSuspended = false;
  #looking: Promise<void> | undefined;
  #again = false;
  #turnSnapshots: { readonly isOn: boolean; readonly last: string | undefined } = { isOn: false, last: undefined };

  /** Whether a later process has gone on with its session. */
  isContinued = false;

  constructor(found: FoundSession, context: LiveAgentContext) {
    this.found = found;
    this.#exitCode = found.exitCode;
    this.#context = context;
    const { devboxId, commands, folder, sealKey, shortcut, who } = context;
    this.#spool = new AgentSpool({ devboxId, commands, folder, sealKey, shortcut });
    this.#opening = AgentSession.over({
      spool: this.#spool,
      devboxId,
      who,
      now: Date.now,
      ...(found.earlier !== undefined && { earlierId: found.earlier.sessionId }),
      onEvent: (event) => {
        if (event.kind === 'gone') this.#exitCode = event.exitCode;
        this.transcript.take(event);
      },
    });
    this.#opening.then((session) => (this.#session = session), context.onFailure);
  }

  get devboxId(): string {
    return this.#context.devboxId;
  }

  /** What looks at paths where they are. */
  get commands(): DevboxCommands {
    return this.#context.commands;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get state(): AgentState {
    const session = this.#session;
    const life = session === undefined || !this.isRead ? this.found.life : session.life;
    if (life === 'gone') return 'lost';
    if (life === 'running' && this.#isSuspended) return 'suspended';
    if (life === 'ended') return this.#endWord ?? (isHarmless(this.#exitCode) ? 'ended' : 'failed');
    if (session === undefined || session.sessionId === undefined) return 'starting';
    if (session.waiting.size > 0) return 'waiting';
    return session.isInTurn ? 'working' : 'done';
  }

  /** Whether this window has looked at what the agent said. */
  isRead = false;

  /** The session's id for a later process; undefined if there is none, or the agent cannot go on by its own word. Known once this window has looked. */
  get continuable(): string | undefined {
    const isAble = this.#session?.canBeTakenUp ?? this.found.earlier !== undefined;
    return isAble && sessionIds.test(this.sessionId ?? '') ? this.sessionId : undefined;
  }

  /** The agent's id of the session, whatever it is; undefined if it has opened none. */
  get sessionId(): string | undefined {
    return this.#session?.sessionId ?? this.found.earlier?.sessionId;
  }

  /** What waits for a person; nothing while the devbox is suspended. */
  get waiting(): readonly WaitingRequest[] {
    return this.#isSuspended ? [] : [...(this.#session?.waiting.values() ?? [])];
  }

  /** How many requests wait behind those, and how many there were beside that cannot be answered any more. */
  get unshown(): AgentSession['unshown'] {
    return this.#isSuspended || this.#session === undefined ? { next: 0, left: 0 } : this.#session.unshown;
  }

  /** A request, also one that was answered, as long as the session has it. */
  request(id: string): WaitingRequest | undefined {
    const waiting = this.waiting.find((one) => one.id === id);
    if (waiting !== undefined) return waiting;
    const item = this.transcript.items.findLast((one) => one.kind === 'request' && one.request.id === id);
    return item?.kind === 'request' ? item.request : undefined;
  }

  /** Whether somebody else than the account's windows has written into the record. */
  get isTampered(): boolean {
    return this.#spool.tampering.size > 0 || !this.found.isSealed;
  }

  /** Whose requests these are, for rules; undefined where nobody can be sure of it. */
  get origin(): RequestOrigin | undefined {
    const { agent, cwd } = this.found;
    return this.isTampered ? undefined : { agent, devboxId: this.devboxId, cwd };
  }

  /** Whether this window takes a snapshot before each prompt, and that of the last. */
  get turnSnapshots(): { readonly isOn: boolean; readonly last: string | undefined } {
    return this.#turnSnapshots;
  }
  set turnSnapshots(now) {
    this.#turnSnapshots = now;
    this.#context.onChange();
  }

  /** The devbox does not run. */
  suspended(): void {
    this.#isSuspended = true;
    this.#context.onChange();
  }

  /** Reads what came; once more for those who ask meanwhile. */
  async look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookUntilDone().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  /** There is a new rule: what waits already may be answered by it. */
  async considerAgain(): Promise<void> {
    this.#considered.clear();
    await this.look();
  }

  /**
   * Starts its session, or takes up that of an earlier process, and begins a turn.
   *
   * @param authMethod the agent's word for how it finds its key
   * @param mode its word for the mode that the session is put into
   */
  async begin(
    prompt: string,
    { authMethod, mode }: { readonly authMethod?: string | undefined; readonly mode?: string | undefined },
  ): Promise<void> {
    const session = await this.#opening;
    const { signal } = this.#context;
    try {
      await session.initialize(signal);
      if (authMethod !== undefined) await session.authenticate(authMethod, signal);
      const { cwd, earlier } = this.found;
      if (earlier === undefined) {
        await session.create(cwd, signal);
      } else if (!(await session.takeUp(earlier.sessionId, cwd, signal))) {
        const problem = agentsProblem('agent_cannot_continue', { name: oneLine(this.found.agentName, 40) });
        throw new RuntimeError({ problem, devboxId: this.devboxId });
      }
      if (mode !== undefined && session.sessionId !== undefined) await session.setMode(session.sessionId, mode, signal);
    } catch (error) {
      if (!RuntimeError.is(error) || error.problem.id !== 'agent_ended' || signal.aborted) throw error;
      const log = redact(await this.log()).trim();
      const why = oneLine(log.split('\n').slice(-3).join(' '), 300);
      const problem = agentsProblem('agent_at_once', { why: why === '' ? noDetails : why });
      throw new RuntimeError({ problem, devboxId: this.devboxId, cause: error });
    }
    if (prompt !== '') await this.send(prompt);
  }

  /** Sends a prompt, whole or not at all; the turn goes on by itself. */
  async send(text: string): Promise<void> {
    const session = await this.#opening;
    const { signal } = this.#context;
    const { sessionId } = session;
    if (sessionId === undefined) throw new Error('The agent has no session yet.');
    await this.#context.beforeTurn();
    await new Promise<void>((resolve, reject) => {
      let isTold = false;
      const onTold = (): void => {
        isTold = true;
        resolve();
      };
      session.prompt(sessionId, text, signal, onTold).catch((error: unknown) => {
        if (!isTold) reject(error instanceof Error ? error : new Error('The prompt was not told.', { cause: error }));
        else if (!RuntimeError.is(error) || error.problem.id !== 'agent_ended') this.#context.onFailure(error);
      });
    });
  }

  async interrupt(): Promise<void> {
    const session = await this.#opening;
    if (session.sessionId !== undefined) await session.cancel(session.sessionId, this.#context.signal);
    await this.look();
  }

  /** @param word `failed` where it could not be started */
  async end(word: 'ended' | 'failed' = 'ended'): Promise<void> {
    this.#endWord ??= word;
    await this.#spool.end(this.#context.signal);
    await this.look();
  }

  log(): Promise<string> {
    return this.#spool.log(this.#context.signal);
  }

  /** @returns undefined if this answer counts, else who was first */
  async answer(request: WaitingRequest, choice: Choice): Promise<string | undefined> {
    const session = await this.#opening;
    const done = await session.answer(request.id, choice, this.#context.signal);
    try {
      await this.look();
    } catch (error) {
      // It was given, whatever cannot be read after it.
      if (!done.isFirst) throw error;
      this.#context.onFailure(error);
    }
    return done.isFirst ? undefined : (this.transcript.answers.get(request.id)?.by.who ?? '');
  }

  async #lookUntilDone(): Promise<void> {
    const session = await this.#opening;
    while (this.#again) {
      this.#again = false;
      await session.look(this.#context.signal);
      this.isRead = true;
      this.#isSuspended = false;
      await this.#applyRules(session);
      this.#context.onChange();
    }
  }

  /** Answers what a person has allowed before, each request once. */
  async #applyRules(session: AgentSession): Promise<void> {
    const { rules, commands, signal, who, onFailure } = this.#context;
    for (const request of session.waiting.values()) {
      const { origin } = this;
      const once = request.choices.find(({ means }) => means === 'allow_once');
      if (origin === undefined || once === undefined || this.#considered.has(request.id)) continue;
      this.#considered.add(request.id);
      try {
        const isSo = await isAllowed(rules, request, origin, { resolve: pathsIn(commands), signal });
        if (!isSo || this.isTampered) continue;
        await session.answer(request.id, once, signal, `${who}, ${byRule}`);
        this.#again = true;
      } catch (error) {
        if (signal.aborted) throw error;
        // It waits for a person, as what no rule is for: nothing else is held up by it.
        if (isTransient(error)) this.#considered.delete(request.id);
        onFailure(error);
      }
    }
  }
}

/** An end by itself, or by the signal by which any window ends an agent. */
function isHarmless(exitCode: number | undefined): boolean {
  return exitCode === undefined || exitCode === 0 || exitCode === 143;
}
