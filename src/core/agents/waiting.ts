import { asArray, asObject, asString, type JsonObject } from '../parse';
import type { PermissionAsked } from './acpSchema';

/** What may be done to a request: as the agent calls it, and what it means. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly means: 'allow_once' | 'allow_always' | 'reject_once' | 'reject_always';
}

/** Who gave an answer. Only a sealed one is a person's. */
export interface GivenAnswer {
  readonly who: string;
  readonly isSealed: boolean;
}

/**
 * What would be done, exactly; it comes from the input of the tool, never from its title. `more` is what else the tool is given, as
 * JSON, where nobody can say that it changes nothing: arguments, variables, a switch.
 */
type ExactInput = (
  | { readonly kind: 'command'; readonly command: string | readonly string[]; readonly cwd: string | undefined }
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
) & { readonly more?: string };

/** A request that a person has to answer. All its texts are the agent's: hostile. */
export interface WaitingRequest {
  /** Its id as JSON, so that 0 and "0" are two; of this process of the agent only. */
  readonly id: string;
  /** SHA-256 of the line it came in. */
  readonly digest: string;
  readonly session: string;
  readonly callId: string;
  readonly title: string;
  readonly tool: string;
  /** Absent where the agent does not say what it would do: such a request can be answered, but is no base for a rule. */
  readonly input: ExactInput | undefined;
  readonly diffs: readonly { readonly path: string; readonly before: string | undefined; readonly after: string }[];
  /** All of what the tool would be given, as JSON. */
  readonly rawInput: string | undefined;
  readonly choices: readonly Choice[];
}

/** Requests that are shown at once, and those that are kept until one of them was answered: so many, of so many characters. */
const mostShown = 200;
const mostNext = 2_000;
const mostCharacters = 32_000_000;

/** The requests of one process of an agent that were not answered. An agent may ask without end. */
export class WaitingRequests {
  readonly #onShown: (request: WaitingRequest) => void;
  readonly #shown = new Map<string, WaitingRequest>();
  readonly #next = new Map<string, WaitingRequest>();
  #characters = 0;
  #left = 0;

  constructor(onShown: (request: WaitingRequest) => void) {
    this.#onShown = onShown;
  }

  /** By their ids. */
  get shown(): ReadonlyMap<string, WaitingRequest> {
    return this.#shown;
  }

  /** How many are shown after those. */
  get next(): number {
    return this.#next.size;
  }

  /** How many there were beside those: they were not kept, and cannot be answered. */
  get left(): number {
    return this.#left;
  }

  add(request: WaitingRequest): void {
    if (this.#shown.size < mostShown) {
      this.#show(request);
      return;
    }
    const characters = this.#characters + sizeOf(request);
    if (this.#next.size >= mostNext || characters > mostCharacters) {
      this.#left += 1;
      return;
    }
    this.#characters = characters;
    this.#next.set(request.id, request);
  }

  /** It was answered, by anybody. */
  delete(id: string): void {
    const next = this.#next.get(id);
    // How it was answered is shown with it.
    if (next !== undefined) this.#onShown(this.#taken(next));
    if (!this.#shown.delete(id)) return;
    const [first] = this.#next.values();
    if (first !== undefined) this.#show(this.#taken(first));
  }

  clear(): void {
    this.#shown.clear();
    this.#next.clear();
    this.#characters = 0;
    this.#left = 0;
  }

  #taken(next: WaitingRequest): WaitingRequest {
    this.#next.delete(next.id);
    this.#characters -= sizeOf(next);
    return next;
  }

  #show(request: WaitingRequest): void {
    this.#shown.set(request.id, request);
    this.#onShown(request);
  }
}

function sizeOf({ title, rawInput = '', diffs }: WaitingRequest): number {
  const sides = diffs.reduce((sum, { before = '', after }) => sum + before.length + after.length, 0);
  return title.length + rawInput.length + sides;
}

const pathNames = ['path', 'filepath', 'filePath', 'file_path', 'old_path', 'new_path', 'source', 'destination'];
const commandNames = ['command', 'cmd'];
const folderNames = ['cwd', 'workdir'];
/** What tells of an input and changes nothing of what is done: words for people, numbers of calls, how long it may take. */
const idleNames = [
  ...['description', 'reason', 'justification', 'explanation', 'timeout', 'timeout_ms'],
  ...['call_id', 'approval_id', 'turn_id', 'item_id', 'started_at_ms', 'parsed_cmd', 'available_decisions'],
];
/** What is written into a file: a rule for files is for whatever is written there. */
const contentNames = [
  ...['content', 'contents', 'text', 'diff', 'patch', 'edits', 'changes', 'replace_all', 'replaceAll'],
  ...['old_string', 'new_string', 'oldString', 'newString', 'old_str', 'new_str', 'oldText', 'newText'],
];
/** Characters of an input that is set out in lines: where it is nested, that takes many times as much. */
const mostInLines = 100_000;

/** What an agent asks, with the exact input taken out of it. */
export function waitingRequest(id: string, digest: string, asked: PermissionAsked): WaitingRequest {
  const { toolCall } = asked;
  const diffs = (toolCall.content ?? []).flatMap((content) =>
    content.type === 'diff'
      ? [{ path: content.path, before: content.oldText ?? undefined, after: content.newText }]
      : [],
  );
  return {
    id,
    digest,
    session: asked.sessionId,
    callId: toolCall.toolCallId,
    title: toolCall.title ?? '',
    tool: [toolCall.kind ?? 'other', toolCall.name ?? ''].join(':'),
    input: exactInput(
      toolCall.rawInput,
      diffs.map(({ path }) => path),
      (toolCall.locations ?? []).map(({ path }) => path),
    ),
    diffs,
    rawInput: toolCall.rawInput === undefined ? undefined : inLines(toolCall.rawInput),
    choices: choicesOf(asked.options),
  };
}

/** Of options with one id nobody can say which of them the agent would take as chosen: none of them is offered. */
function choicesOf(options: PermissionAsked['options']): readonly Choice[] {
  const count = new Map<string, number>();
  for (const { optionId } of options) count.set(optionId, (count.get(optionId) ?? 0) + 1);
  return options.flatMap(({ optionId: id, name, kind }) => (count.get(id) === 1 ? [{ id, name, means: kind }] : []));
}

function inLines(value: unknown): string {
  const line = JSON.stringify(value);
  return line.length > mostInLines ? line : JSON.stringify(value, undefined, 2);
}

/** What is in an input beside what is known, the same for the same; nothing is left out where it says something. */
function moreIn(input: JsonObject | undefined, known: readonly string[]): { readonly more?: string } {
  const others = Object.entries(input ?? {}).filter(([name, value]) => value !== null && !known.includes(name));
  return others.length === 0 ? {} : { more: JSON.stringify(others.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function exactInput(
  rawInput: unknown,
  diffPaths: readonly string[],
  locations: readonly string[],
): ExactInput | undefined {
  const input = asObject(rawInput);
  const commands = commandNames.flatMap((name) => (input?.[name] === undefined ? [] : [commandOf(input[name])]));
  if (commands.length > 0) {
    const [command] = commands;
    // Two commands, or a command beside files: nobody can say which of them would be done.
    if (command === undefined || commands.length > 1 || diffPaths.length > 0) return undefined;
    const cwd = asString(input?.['cwd']) ?? asString(input?.['workdir']);
    return { kind: 'command', command, cwd, ...moreIn(input, [...commandNames, ...folderNames, ...idleNames]) };
  }
  const named = pathNames.flatMap((name) => asString(input?.[name]) ?? []);
  const changed = Object.keys(asObject(input?.['changes']) ?? {});
  if (named.length + changed.length + diffPaths.length === 0) return undefined;
  const more = moreIn(input, [...pathNames, ...contentNames, ...idleNames]);
  return { kind: 'paths', paths: [...new Set([...named, ...changed, ...diffPaths, ...locations])], ...more };
}

function commandOf(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  const words = asArray(value).flatMap((word) => asString(word) ?? []);
  return words.length > 0 && words.length === asArray(value).length ? words : undefined;
}
