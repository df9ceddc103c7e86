import { asArray, asObject, asString } from '../parse';
import type { SessionUpdate } from './acpSchema';
import type { LedgerEntry } from './ledger';
import type { SessionEvent } from './sessionEvents';
import { sizeOf as sizeOfRequest, type WaitingRequest } from './waiting';

/** A call of a tool as the agent tells of it. */
export interface ToolCall {
  readonly kind: 'call';
  readonly id: string;
  title: string;
  tool: string;
  status: string;
  /** What it is given, as JSON; empty where the agent does not say. */
  input: string;
  /** What the agent shows with it: until it is over that may be a description as well. */
  output: string;
  /** Whether that came when the call was over. */
  isResult: boolean;
  files: readonly string[];
}

/** One thing of a session, as it is shown. All texts of an agent are hostile. */
export type TranscriptItem =
  | { readonly kind: 'prompt'; readonly text: string; readonly by: LedgerEntry }
  /** `asked` is what a person had sent in an earlier process, as the agent tells it. */
  | { readonly kind: 'said' | 'thought' | 'asked'; readonly pieces: string[]; length: number }
  | { readonly kind: 'plan'; lines: readonly { readonly text: string; readonly status: string }[] }
  | ToolCall
  | { readonly kind: 'request'; readonly request: WaitingRequest }
  | { readonly kind: 'stop'; readonly reason: string }
  /** No frame, or a request that nobody can answer. */
  | { readonly kind: 'noise' | 'unanswerable' | 'reused'; readonly text: string }
  /** A line that was too long to keep. */
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'gone'; readonly life: string; readonly exitCode: number | undefined; readonly isFull: boolean };

/** How a request was answered, by whom. */
export interface ShownAnswer {
  readonly by: LedgerEntry;
  /** The agent's id of the option that was chosen; undefined for a cancel, and where nobody can say what was told. */
  readonly option: string | undefined;
  readonly isCancel: boolean;
}

/** The most items and characters of a session that are kept. */
const mostItems = 4_000;
const mostCharacters = 2_000_000;
/** Of one input or output. */
const mostOfOne = 20_000;

/** What was said and done in a session, in order. Bounded: the oldest goes first, and is counted. */
export class Transcript {
  readonly #items: TranscriptItem[] = [];
  readonly #answers = new Map<string, ShownAnswer>();
  readonly #calls = new Map<string, ToolCall>();
  /** Prompts that wait until the turn before them is over. */
  readonly #queued: { readonly id: string; readonly item: TranscriptItem }[] = [];
  #turn: string | undefined;
  #mode: string | undefined;
  readonly #modeNames = new Map<string, string>();
  #characters = 0;
  #dropped = 0;

  get items(): readonly TranscriptItem[] {
    return this.#items;
  }

  /** Items that were left out. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What the agent calls the mode that it works in; undefined where it tells none. */
  get mode(): string | undefined {
    return this.#mode === undefined ? undefined : (this.#modeNames.get(this.#mode) ?? this.#mode);
  }

  /** By the id of the request. */
  get answers(): ReadonlyMap<string, ShownAnswer> {
    return this.#answers;
  }

  /** What the agent said or did last. */
  get last(): TranscriptItem | undefined {
    return this.#items.findLast(
      ({ kind }) =>
        !['thought', 'asked', 'noise', 'unanswerable', 'reused', 'cut', 'stop', 'request', 'gone'].includes(kind),
    );
  }

  take(event: SessionEvent): void {
    switch (event.kind) {
      case 'update':
        this.#updated(event.update);
        break;
      case 'told':
        this.#told(event.entry, event.frame);
        break;
      case 'opened':
        // Calls that an agent tells again are over, whatever it says of them.
        for (const call of this.#calls.values()) close(call);
        this.#opened(asObject(event.answer?.['modes']));
        break;
      case 'asked':
        this.#add({ kind: 'request', request: event.request });
        break;
      case 'stopped':
        this.#stopped(event.prompt, event.reason);
        break;
      case 'lost':
        if (event.frame.kind !== 'message') this.#add(event.frame);
        break;
      case 'gone':
        for (const call of this.#calls.values()) close(call);
        this.#forgetGone();
        this.#add(event);
        break;
    }
  }

  /** How an agent ended is noted a moment after it is gone, and takes the place of that. */
  #forgetGone(): void {
    const last = this.#items.at(-1);
    if (last?.kind !== 'gone') return;
    this.#items.pop();
    this.#characters -= sizeOf(last);
  }

  #told(entry: LedgerEntry, frame: unknown): void {
    const params = asObject(asObject(frame)?.['params']);
    const [, prompt] = /^q:session\/prompt:(.+)$/.exec(entry.key) ?? [];
    if (prompt !== undefined) {
      const texts = asArray(params?.['prompt']).flatMap((part) => asString(asObject(part)?.['text']) ?? []);
      const item = { kind: 'prompt', text: texts.join('\n'), by: entry } as const;
      if (this.#turn === undefined) this.#begin(prompt, item);
      else this.#queued.push({ id: prompt, item });
    }
    if (entry.key.startsWith('a:')) {
      const outcome = asObject(asObject(asObject(frame)?.['result'])?.['outcome']);
      const isCancel = outcome?.['outcome'] === 'cancelled';
      this.#answers.set(entry.key.slice(2), { by: entry, option: asString(outcome?.['optionId']), isCancel });
    }
  }

  #opened(modes: ReturnType<typeof asObject>): void {
    this.#mode = asString(modes?.['currentModeId']);
    for (const one of asArray(modes?.['availableModes']).slice(0, 100)) {
      const [id, name] = [asString(asObject(one)?.['id']), asString(asObject(one)?.['name'])];
      if (id !== undefined && name !== undefined) this.#modeNames.set(id, name);
    }
  }

  #begin(id: string, item: TranscriptItem): void {
    this.#turn = id;
    this.#add(item);
  }

  #stopped(prompt: string, reason: string): void {
    if (this.#turn === prompt) this.#turn = undefined;
    // What has no final status is closed by us: some agents never do.
    if (this.#turn === undefined) for (const call of this.#calls.values()) close(call);
    this.#add({ kind: 'stop', reason: reason.slice(0, mostOfOne) });
    const next = this.#turn === undefined ? this.#queued.shift() : undefined;
    if (next !== undefined) this.#begin(next.id, next.item);
  }

  #updated(update: SessionUpdate['update']): void {
    switch (update.sessionUpdate) {
      case 'user_message_chunk':
        // Within a turn it would be the prompt that we have sent.
        if (this.#turn === undefined && update.content.type === 'text') this.#appendText('asked', update.content.text);
        return;
      case 'agent_message_chunk':
      case 'agent_thought_chunk': {
        const kind = update.sessionUpdate === 'agent_message_chunk' ? 'said' : 'thought';
        if (update.content.type === 'text') this.#appendText(kind, update.content.text);
        return;
      }
      case 'plan': {
        const lines = update.entries.map(({ content, status }) => ({ text: content, status }));
        const known = this.#items.findLast((item) => item.kind === 'plan');
        if (known === undefined) this.#add({ kind: 'plan', lines });
        else known.lines = lines;
        return;
      }
      case 'current_mode_update':
        this.#mode = update.currentModeId;
        return;
      case 'tool_call':
      case 'tool_call_update':
        this.#call(update);
        return;
      default:
    }
  }

  #appendText(kind: 'said' | 'thought' | 'asked', text: string): void {
    const last = this.#items.at(-1);
    // A new item also where one is long: the oldest are left out whole.
    if (last?.kind !== kind || last.length > mostCharacters / 8) {
      this.#add({ kind, pieces: [text], length: text.length });
      return;
    }
    last.pieces.push(text);
    last.length += text.length;
    this.#characters += text.length;
    this.#bound();
  }

  #call(update: Extract<SessionUpdate['update'], { readonly sessionUpdate: 'tool_call' | 'tool_call_update' }>): void {
    let call = this.#calls.get(update.toolCallId);
    if (call === undefined) {
      const fresh = { title: '', tool: 'other', status: 'pending', input: '', output: '', isResult: false, files: [] };
      call = { kind: 'call', id: update.toolCallId, ...fresh };
      this.#calls.set(update.toolCallId, call);
      this.#add(call);
    }
    call.title = update.title?.slice(0, mostOfOne) ?? call.title;
    call.tool = update.kind ?? call.tool;
    call.status = update.status ?? call.status;
    const input = update.rawInput === undefined ? '' : JSON.stringify(update.rawInput);
    if (input !== '' && input !== '{}') call.input = input.slice(0, mostOfOne);
    const content = (update.content ?? []).flatMap((one) =>
      one.type === 'content' && one.content.type === 'text' ? [withoutFence(one.content.text)] : [],
    );
    if (content.length > 0) {
      call.output = content.join('\n').slice(0, mostOfOne);
      call.isResult = isFinal(call.status);
    }
    const diffs = (update.content ?? []).flatMap((one) => (one.type === 'diff' ? [one.path] : []));
    const files = [...(update.locations ?? []).map(({ path }) => path), ...diffs];
    if (files.length > 0) call.files = [...new Set([...call.files, ...files])].slice(0, 100);
  }

  #add(item: TranscriptItem): void {
    this.#items.push(item);
    this.#characters += sizeOf(item);
    this.#bound();
  }

  /** Many at a time: taking each from the front of a long list would move all the others. */
  #bound(): void {
    const isFull = this.#items.length > mostItems || this.#characters > mostCharacters;
    if (!isFull || this.#items.length < 2) return;
    const gone = this.#items.splice(0, Math.ceil(this.#items.length / 4));
    this.#dropped += gone.length;
    for (const item of gone) {
      if (item.kind === 'call') this.#calls.delete(item.id);
      this.#characters -= sizeOf(item);
    }
  }
}

function close(call: ToolCall): void {
  if (!isFinal(call.status)) call.status = 'ended';
}

function isFinal(status: string): boolean {
  return status === 'completed' || status === 'failed';
}

/** A text without the lines that make all of it a block of code in Markdown; one that has more than that block stays as it is. */
function withoutFence(text: string): string {
  const lines = text.trim().split('\n');
  const [, fence = ''] = /^(`{3,}|~{3,})[^`]*$/.exec(lines[0] ?? '') ?? [];
  const closes = (line: string): boolean => {
    const end = line.trim();
    return end.length >= fence.length && end === (fence[0] ?? '').repeat(end.length);
  };
  const isWhole = fence !== '' && lines.slice(1).findIndex(closes) === lines.length - 2 && lines.length > 1;
  return isWhole ? lines.slice(1, -1).join('\n') : text;
}

function sizeOf(item: TranscriptItem): number {
  if (item.kind === 'prompt') return item.text.length;
  if (item.kind === 'request') {
    return sizeOfRequest(item.request);
  }
  return 'pieces' in item ? item.length : 0;
}
