import { asArray, asObject, asString } from '../parse';
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

/** What would be done, exactly; it comes from the input of the tool, never from its title. */
type ExactInput =
  | { readonly kind: 'command'; readonly command: string | readonly string[]; readonly cwd: string | undefined }
  | { readonly kind: 'paths'; readonly paths: readonly string[] };

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

const pathNames = ['path', 'filepath', 'filePath', 'file_path', 'old_path', 'new_path', 'source', 'destination'];
const commandNames = ['command', 'cmd'];

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
    rawInput: toolCall.rawInput === undefined ? undefined : JSON.stringify(toolCall.rawInput, undefined, 2),
    choices: asked.options.map(({ optionId, name, kind }) => ({ id: optionId, name, means: kind })),
  };
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
    return { kind: 'command', command, cwd: asString(input?.['cwd']) ?? asString(input?.['workdir']) };
  }
  const named = pathNames.flatMap((name) => asString(input?.[name]) ?? []);
  const changed = Object.keys(asObject(input?.['changes']) ?? {});
  if (named.length + changed.length + diffPaths.length === 0) return undefined;
  return { kind: 'paths', paths: [...new Set([...named, ...changed, ...diffPaths, ...locations])] };
}

function commandOf(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  const words = asArray(value).flatMap((word) => asString(word) ?? []);
  return words.length > 0 && words.length === asArray(value).length ? words : undefined;
}
