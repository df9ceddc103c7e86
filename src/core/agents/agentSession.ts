import { TimeSlicer } from '../../ground/timeSlicer';
import { randomUUID } from 'node:crypto';
import { isTransient, RuntimeError } from '../errors';
import { asObject, asString, parseJson, type JsonObject } from '../parse';
import { agentsProblem } from '../problems/agents';
import type { AcpSchema, InitializeAnswer } from './acpSchema';
import { FrameQueue, mostNoise, type Frame, type MessageFrame } from './frames';
import type { AgentLife, Appended, LedgerEntry } from './ledger';
import { OpenRequests, takeUpMethod, type Method } from './openRequests';
import type { SessionContext } from './sessionEvents';
import { WaitingRequests, waitingRequest, type Choice, type GivenAnswer, type WaitingRequest } from './waiting';

/** As JSON-RPC numbers them. */
const unknownMethod = -32_601;
const wrongParameters = -32_602;

/** One process of an agent as one window sees it. Nothing comes of itself: {@link look} is asked for. */
export class AgentSession {
  readonly #context: SessionContext;
  readonly #schema: AcpSchema;
  readonly #frames = new FrameQueue();
  readonly #window = randomUUID();
  readonly #open: OpenRequests;
  /** Methods of what any window has asked, by the request's id. */
  readonly #asked = new Map<string, string>();
  readonly #waiting = new WaitingRequests((request) => this.#context.onEvent?.({ kind: 'asked', request }));
  readonly #answered = new Map<string, GivenAnswer>();
  /** Ids of requests that came: a second request with one of them is ignored. */
  readonly #seen = new Set<string>();
  /** Ids of prompts, of any window, that were not answered yet. */
  readonly #turns = new Set<string>();
  /** Tool calls without a final status. */
  readonly #calls = new Set<string>();
  /** Lines of the ledger that are not taken in yet: a connection may be cut in between. */
  #untold: LedgerEntry[] = [];
  #agent: InitializeAnswer | undefined;
  #sessionId: string | undefined;
  #life: AgentLife = 'running';
  /** Whether it was told that the agent's process is gone. */
  #toldLife: AgentLife | undefined;
  #count = 0;

  private constructor(context: SessionContext, schema: AcpSchema) {
    this.#context = context;
    this.#schema = schema;
    this.#open = new OpenRequests(context.devboxId, schema, context.seconds);
  }

  /** Reads the protocol's library, on first use. */
  static async over(context: SessionContext): Promise<AgentSession> {
    return new AgentSession(context, (await import('./acpSchema')).acpSchema);
  }

  get waiting(): ReadonlyMap<string, WaitingRequest> {
    return this.#waiting.shown;
  }
  /** How many requests wait behind those, and how many came beside that nobody can answer any more. */
  get unshown(): { readonly next: number; readonly left: number } {
    const { next, left } = this.#waiting;
    return { next, left };
  }
  get answered(): ReadonlyMap<string, GivenAnswer> {
    return this.#answered;
  }
  /** Calls that go on: when a turn or the agent has ended there are none, whatever it said. */
  get calls(): ReadonlySet<string> {
    return this.#calls;
  }
  get life(): AgentLife {
    return this.#life;
  }
  /** The session that the agent has in this process, whichever window asked for it. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }
  get isInTurn(): boolean {
    return this.#turns.size > 0;
  }
  /** Whether a later process could go on with this session, by the agent's word; undefined as long as it said nothing. */
  get canBeTakenUp(): boolean | undefined {
    return this.#agent === undefined ? undefined : takeUpMethod(this.#agent) !== undefined;
  }

  /** Reads what came since the last look. One look at a time. */
  async look(signal: AbortSignal): Promise<void> {
    const slicer = new TimeSlicer();
    for (;;) {
      await this.#takeAll(slicer, signal);
      const seen = await this.#context.spool.look(signal);
      for (const entry of seen.entries) this.#note(entry);
      this.#untold.push(...seen.entries);
      this.#frames.add(seen.output);
      await this.#takeAll(slicer, signal);
      if (seen.hasMore) continue;
      this.#life = seen.life;
      if (seen.life !== 'running') this.#end(seen.exitCode, seen.isCut);
      return;
    }
  }

  /** Takes in what was read, each once, also where the last look was cut in its midst. */
  async #takeAll(slicer: TimeSlicer, signal: AbortSignal): Promise<void> {
    await this.#tellOf(this.#untold, signal);
    this.#untold = [];
    await this.#frames.takeAll(async (frame) => {
      await this.#take(frame, signal);
      await slicer.share();
    });
  }

  async initialize(signal: AbortSignal): Promise<void> {
    const clientCapabilities = { fs: { readTextFile: false, writeTextFile: false }, terminal: false };
    const params = { protocolVersion: 1, clientCapabilities, clientInfo: { name: 'runloop-devboxes', version: '1' } };
    await this.#ask('initialize', params, signal);
  }

  /** Tells the agent by which of its own ways it finds its key. */
  async authenticate(methodId: string, signal: AbortSignal): Promise<void> {
    await this.#ask('authenticate', { methodId }, signal);
  }

  /** @returns the id of a new session */
  async create(cwd: string, signal: AbortSignal): Promise<string> {
    return this.#schema['session/new'].parse(await this.#ask('session/new', { cwd, mcpServers: [] }, signal)).sessionId;
  }

  /** Goes on with a session of an earlier process. @returns false if this agent cannot */
  async takeUp(sessionId: string, cwd: string, signal: AbortSignal): Promise<boolean> {
    const method = this.#agent && takeUpMethod(this.#agent);
    if (method !== undefined) await this.#ask(method, { sessionId, cwd, mcpServers: [] }, signal);
    return method !== undefined;
  }

  /** @param onTold called when the agent has it. @returns why the turn ended, in the agent's word */
  async prompt(sessionId: string, text: string, signal: AbortSignal, onTold?: () => void): Promise<string> {
    const params = { sessionId, prompt: [{ type: 'text', text }] };
    return this.#schema['session/prompt'].parse(await this.#ask('session/prompt', params, signal, onTold)).stopReason;
  }

  /** Puts a session into one of the agent's own modes. */
  async setMode(sessionId: string, modeId: string, signal: AbortSignal): Promise<void> {
    await this.#ask('session/set_mode', { sessionId, modeId }, signal);
  }

  /** Ends the turn; what waits in it is answered as cancelled, as the protocol wants it. */
  async cancel(sessionId: string, signal: AbortSignal): Promise<void> {
    const notification = { jsonrpc: '2.0', method: 'session/cancel', params: { sessionId } };
    await this.#tell(notification, `n:session/cancel:${randomUUID()}`, '', signal);
    for (const request of this.#waiting.shown.values()) {
      if (request.session === sessionId) await this.#answer(request, { outcome: 'cancelled' }, signal);
    }
  }

  /**
   * Answers a request. An "always" goes to the agent as its yes for once, as nobody knows how far its own would reach.
   *
   * @param who in words for other windows, where it is not simply this window
   * @returns whether this answer was the first, else who gave that
   * @throws RuntimeError `agent_ended` if the request no longer waits
   */
  async answer(requestId: string, choice: Choice, signal: AbortSignal, who?: string): Promise<Appended> {
    const request = this.#waiting.shown.get(requestId);
    const earlier = this.#answered.get(requestId);
    if (request === undefined) {
      if (earlier !== undefined) return { isFirst: false, by: undefined };
      throw new RuntimeError({ problem: agentsProblem('agent_ended'), devboxId: this.#context.devboxId });
    }
    const means = choice.means === 'allow_always' ? 'allow_once' : choice.means;
    const sent = request.choices.find((one) => (means === choice.means ? one.id === choice.id : one.means === means));
    if (sent === undefined || sent.means === 'allow_always') throw new Error('The agent offers no such answer.');
    return this.#answer(request, { outcome: 'selected', optionId: sent.id }, signal, who);
  }

  async #answer(request: WaitingRequest, outcome: JsonObject, signal: AbortSignal, who?: string): Promise<Appended> {
    const frame = { jsonrpc: '2.0', id: JSON.parse(request.id) as unknown, result: { outcome } };
    const done = await this.#tell(frame, `a:${request.id}`, request.digest, signal, who);
    this.#waiting.delete(request.id);
    return done;
  }

  #tell(
    frame: JsonObject,
    key: string,
    requestDigest: string,
    signal: AbortSignal,
    who = this.#context.who,
  ): Promise<Appended> {
    const { now, spool } = this.#context;
    return spool.append(JSON.stringify(frame), { key, who, at: now(), requestDigest, signal });
  }

  #ask(method: Method, params: JsonObject, signal: AbortSignal, onTold?: () => void): Promise<JsonObject> {
    const id = `${this.#window}-${(this.#count += 1)}`;
    const send = () => this.#tell({ jsonrpc: '2.0', id, method, params }, `q:${method}:${id}`, '', signal).then(onTold);
    return this.#open.ask(id, method, send, signal);
  }

  /** What somebody told the agent, this window or another. */
  #note({ key, who, isSealed }: LedgerEntry): void {
    const [, method, id] = /^q:([a-z_/]+):(.+)$/.exec(key) ?? [];
    if (method !== undefined && id !== undefined) this.#asked.set(id, method);
    if (method === 'session/prompt' && id !== undefined) this.#turns.add(id);
    if (!key.startsWith('a:')) return;
    this.#answered.set(key.slice(2), { who, isSealed });
    this.#waiting.delete(key.slice(2));
  }

  /** What was told, where somebody listens: prompts and answers are in no stream. */
  async #tellOf(entries: readonly LedgerEntry[], signal: AbortSignal): Promise<void> {
    const { onEvent, spool } = this.#context;
    if (onEvent === undefined) return;
    const told = entries.filter(({ key }) => /^(?:q:session\/prompt|n|a):/.test(key));
    const frames = await spool.frames(told, signal);
    for (const [index, entry] of told.entries()) {
      onEvent({ kind: 'told', entry, frame: asObject(parseJson(frames[index] ?? '')) });
    }
  }

  async #take(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame.kind !== 'message') {
      this.#context.onEvent?.({ kind: 'lost', frame });
      return;
    }
    const { message } = frame;
    const method = asString(message['method']);
    const id = message['id'];
    if (method === undefined) this.#settle(message);
    else if (typeof id === 'number' || typeof id === 'string') await this.#request(id, method, frame, signal);
    else if (method === 'session/update') this.#updated(message['params']);
  }

  #settle(message: JsonObject): void {
    const id = asString(message['id']) ?? '';
    const method = this.#asked.get(id);
    const result = asObject(message['result']);
    if (method === 'initialize') this.#agent = this.#schema.initialize.safeParse(result).data ?? this.#agent;
    const isTakenUp = method === 'session/load' || method === 'session/resume';
    if (method === 'session/new' || (isTakenUp && message['error'] === undefined)) {
      this.#sessionId = (isTakenUp ? this.#context.earlierId : asString(result?.['sessionId'])) ?? this.#sessionId;
      if (this.#turns.size === 0) this.#calls.clear();
      this.#context.onEvent?.({ kind: 'opened', answer: result });
    }
    if (this.#turns.delete(id)) {
      if (this.#turns.size === 0) this.#calls.clear();
      const reason = asString(result?.['stopReason']) ?? asString(asObject(message['error'])?.['message']) ?? '';
      this.#context.onEvent?.({ kind: 'stopped', prompt: id, reason });
    }
    this.#open.settle(id, message);
  }

  async #request(id: number | string, method: string, { message, digest }: MessageFrame, signal: AbortSignal) {
    const key = JSON.stringify(id);
    // Answered, by anybody, or an id that the agent uses again: the first answer is the only one.
    const isPermission = method === 'session/request_permission';
    if (isPermission && this.#seen.has(key)) {
      const text = JSON.stringify(message).slice(0, mostNoise);
      this.#context.onEvent?.({ kind: 'lost', frame: { kind: 'reused', text } });
    }
    if (this.#seen.has(key) || (this.#answered.has(key) && !isPermission)) return;
    const asked = this.#schema.permission.safeParse(message['params']);
    if (isPermission && asked.success) {
      this.#seen.add(key);
      const request = waitingRequest(key, digest, asked.data);
      if (!this.#answered.has(key)) this.#waiting.add(request);
      else this.#context.onEvent?.({ kind: 'asked', request });
      return;
    }
    if (this.#answered.has(key)) return;
    const code = isPermission ? wrongParameters : unknownMethod;
    const error = { code, message: code === unknownMethod ? 'Method not found' : 'Invalid params' };
    try {
      await this.#tell({ jsonrpc: '2.0', id, error }, `a:${key}`, digest, signal);
    } catch (failure) {
      // An agent that has ended waits for nothing, and what cannot be told holds up nothing else.
      if (!RuntimeError.is(failure) || isTransient(failure)) throw failure;
    }
    if (isPermission) this.#seen.add(key);
  }

  #updated(params: unknown): void {
    const checked = this.#schema.update.safeParse(params);
    if (!checked.success) return;
    const { update } = checked.data;
    if (update.sessionUpdate === 'tool_call' || update.sessionUpdate === 'tool_call_update') {
      if (update.status === 'completed' || update.status === 'failed') this.#calls.delete(update.toolCallId);
      else this.#calls.add(update.toolCallId);
    }
    this.#context.onEvent?.({ kind: 'update', update });
  }

  /** The process is gone: nothing waits, nothing runs, and nobody will answer. */
  #end(exitCode: number | undefined, isFull: boolean): void {
    this.#waiting.clear();
    this.#calls.clear();
    this.#turns.clear();
    this.#open.end();
    if (this.#toldLife !== this.#life) this.#context.onEvent?.({ kind: 'gone', life: this.#life, exitCode, isFull });
    this.#toldLife = this.#life;
  }
}
