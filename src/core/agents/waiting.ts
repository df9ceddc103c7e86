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
  /** How many options it has beside those. */
  readonly unoffered: number;
}

/** Requests that are shown at once, and those that are kept until one of them was answered; all of them of so many characters. */
const mostShown = 200;
const mostNext = 2_000;
const mostCharacters = 32_000_000;
/** Options of one meaning that are offered, and characters of the name of one. */
const mostOfMeaning = 20;
const mostOfName = 500;

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
    const characters = this.#characters + sizeOf(request);
    const isTooMuch = characters > mostCharacters && this.#shown.size > 0;
    if (isTooMuch || (this.#shown.size >= mostShown && this.#next.size >= mostNext)) {
      this.#left += 1;
      return;
    }
    this.#characters = characters;
    if (this.#shown.size < mostShown) this.#show(request);
    else this.#next.set(request.id, request);
  }

  /** It was answered, by anybody. */
  delete(id: string): void {
    const known = this.#next.get(id) ?? this.#shown.get(id);
    if (known === undefined) return;
    this.#characters -= sizeOf(known);
    // How it was answered is shown with it.
    if (this.#next.delete(id)) this.#onShown(known);
    if (!this.#shown.delete(id)) return;
    const [first] = this.#next.values();
    if (first === undefined) return;
    this.#next.delete(first.id);
    this.#show(first);
  }

  clear(): void {
    this.#shown.clear();
    this.#next.clear();
    this.#characters = 0;
    this.#left = 0;
  }

  #show(request: WaitingRequest): void {
    this.#shown.set(request.id, request);
    this.#onShown(request);
  }
}

/** How many characters are kept with a request. */
export function sizeOf({ title, rawInput = '', diffs, input, session, callId, tool, choices }: WaitingRequest): number {
  const texts = [
    ...[title, rawInput, session, callId, tool, input?.more ?? ''],
    ...diffs.flatMap(({ path, before = '', after }) => [path, before, after]),
    ...(input?.kind === 'paths' ? input.paths : [input?.command ?? []].flat()),
    ...choices.flatMap(({ id, name }) => [id, name]),
  ];
  return texts.reduce((sum, { length }) => sum + length, 0);
}

const pathNames = [
  ...['move_path', 'movePath'],
  ...['path', 'filepath', 'filePath', 'file_path', 'old_path', 'new_path', 'source', 'destination'],
];
const commandNames = ['command', 'cmd'];
const folderNames = ['cwd', 'workdir'];
/** What tells of an input and changes nothing of what is done: words for people, numbers of calls, how long it may take. */
const idleNames = [
  ...['description', 'reason', 'justification', 'explanation', 'timeout', 'timeout_ms'],
  ...['call_id', 'approval_id', 'turn_id', 'item_id', 'started_at_ms', 'parsed_cmd', 'available_decisions'],
];
/** What is written into a file: a rule for files is for whatever is written there. */
const contentNames = [
  ...['content', 'contents', 'text', 'diff', 'edits', 'changes', 'replace_all', 'replaceAll'],
  ...['old_string', 'new_string', 'oldString', 'newString', 'old_str', 'new_str', 'oldText', 'newText'],
];
/** What else is within one of several changes: a part of its content, or how it is given. */
const changeNames = ['unified_diff', 'unifiedDiff', 'update', 'add'];
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
  const choices = choicesOf(asked.options);
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
    choices,
    unoffered: asked.options.length - choices.length,
  };
}

/** Of options with one id nobody can say which of them the agent would take as chosen: none of them is offered. */
function choicesOf(options: PermissionAsked['options']): readonly Choice[] {
  const count = new Map<string, number>();
  for (const { optionId } of options) count.set(optionId, (count.get(optionId) ?? 0) + 1);
  const offered = new Map<string, number>();
  return options.flatMap(({ optionId: id, name, kind: means }) => {
    if (count.get(id) !== 1) return [];
    offered.set(means, (offered.get(means) ?? 0) + 1);
    return (offered.get(means) ?? 0) > mostOfMeaning ? [] : [{ id, name: name.slice(0, mostOfName), means }];
  });
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
    // Of two folders, or one that is no text, nobody can say where: that is more than what is known.
    const folder = folderNames.filter((name) => typeof input?.[name] === 'string').slice(0, 1);
    const cwd = asString(input?.[folder[0] ?? '']);
    return { kind: 'command', command, cwd, ...moreIn(input, [...commandNames, ...folder, ...idleNames]) };
  }
  const named = pathNames.filter((name) => typeof input?.[name] === 'string');
  const paths = named.flatMap((name) => asString(input?.[name]) ?? []);
  const changes = asObject(input?.['changes']);
  paths.push(...Object.keys(changes ?? {}));
  const known = contentNames.filter((name) =>
    isContent(name === 'changes' && changes !== undefined ? Object.values(changes) : input?.[name], paths),
  );
  if (paths.length + diffPaths.length === 0) return undefined;
  const more = moreIn(input, [...named, ...known, ...idleNames]);
  return { kind: 'paths', paths: [...new Set([...paths, ...diffPaths, ...locations])], ...more };
}

/** Whether a value is only what is written into files. @param paths gets those that are named within */
function isContent(value: unknown, paths: string[]): boolean {
  if (Array.isArray(value)) return value.every((one) => isContent(one, paths));
  return Object.entries(asObject(value) ?? {}).every(([name, inner]) => {
    if (inner === null) return true;
    // A file that goes away is another thing than one that is changed.
    if (name === 'type') return inner === 'add' || inner === 'update';
    if (!pathNames.includes(name)) return [...contentNames, ...changeNames].includes(name) && isContent(inner, paths);
    if (typeof inner === 'string') paths.push(inner);
    return typeof inner === 'string';
  });
}

function commandOf(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  const words = asArray(value).flatMap((word) => asString(word) ?? []);
  return words.length > 0 && words.length === asArray(value).length ? words : undefined;
}
