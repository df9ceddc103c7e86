import { isDeepStrictEqual } from 'node:util';
import type { DevboxCommands } from '../channel/devboxCommands';
import type { WaitingRequest } from './waiting';

/** What a person has allowed to be answered with yes from now on. Data: listed, readable, taken back. */
export interface ConsentRule {
  readonly agent: string;
  readonly devboxId: string;
  /** Kind and name of the tool. */
  readonly tool: string;
  /** The resolved working directory of the agent. */
  readonly cwd: string;
  readonly allows: RuleReach;
  /** What else the tool is given, as JSON; none where that is nothing. */
  readonly more?: string;
}

export type RuleReach =
  | {
      readonly kind: 'command';
      /** The whole command: its words, or its text. */
      readonly command: string | readonly string[];
      /** The resolved folder in which the command says that it runs; none for the agent's directory. */
      readonly in: string | undefined;
    }
  /** Files in this resolved folder, or this file. */
  | { readonly kind: 'paths'; readonly under: string };

/** Whose request it is. */
export interface RequestOrigin {
  readonly agent: string;
  readonly devboxId: string;
  readonly cwd: string;
}

/** Gives paths of a devbox with `..` and links resolved, seen from a directory. */
export type ResolvePaths = (paths: readonly string[], cwd: string, signal: AbortSignal) => Promise<readonly string[]>;

/** path by path → absolute, without `..` and links; what is not there yet keeps its name */
const resolveScript = `LC_ALL=C; IFS= read -r -d '' cwd; cd -- "$cwd" || exit 3; xargs -0 -r realpath -mz --`;

/** Resolves paths where they are. */
export function pathsIn(commands: DevboxCommands): ResolvePaths {
  return async (paths, cwd, signal) => {
    if ([cwd, ...paths].some((path) => path.includes('\0'))) throw new Error('A path has no NUL in it.');
    const stdin = Buffer.from([cwd, ...paths].map((path) => `${path}\0`).join(''));
    const { exitCode, stdout } = await commands.run(resolveScript, { stdin, signal, deadlineMs: 15_000 });
    const resolved = Buffer.from(stdout).toString().split('\0').slice(0, -1);
    if (exitCode !== 0 || resolved.length !== paths.length) throw new Error('The paths could not be resolved.');
    return resolved;
  };
}

/**
 * The rule that "always" makes of a request that was allowed.
 *
 * @param under for files: the folder that is allowed; each file of the request has to be in it
 * @returns undefined where the agent does not say exactly what it would do, or where the rule would not cover the request
 */
export async function ruleOf(
  request: WaitingRequest,
  origin: RequestOrigin,
  { under, resolve, signal }: { readonly under?: string; readonly resolve: ResolvePaths; readonly signal: AbortSignal },
): Promise<ConsentRule | undefined> {
  const { input, tool } = request;
  if (input === undefined || placesIn(input).some(isOdd)) return undefined;
  const [cwd = origin.cwd, runsIn] = await resolve(['.', ...placesIn(input).slice(0, 1)], origin.cwd, signal);
  const more = input.more === undefined ? {} : { more: input.more };
  const of = { agent: origin.agent, devboxId: origin.devboxId, tool, cwd, ...more };
  if (input.kind === 'command') {
    return { ...of, allows: { kind: 'command', command: input.command, in: runsIn } };
  }
  const [folder] = await resolve([under ?? input.paths[0] ?? ''], origin.cwd, signal);
  if (folder === undefined) return undefined;
  const rule: ConsentRule = { ...of, allows: { kind: 'paths', under: folder } };
  return (await covers(rule, request, origin, { resolve, signal })) ? rule : undefined;
}

/**
 * Whether a rule answers a request. It looks at the input, never at the title. That a link is turned between this look and
 * what the agent then does is held by the devbox alone.
 */
export async function covers(
  rule: ConsentRule,
  { input, tool }: WaitingRequest,
  origin: RequestOrigin,
  { resolve, signal }: { readonly resolve: ResolvePaths; readonly signal: AbortSignal },
): Promise<boolean> {
  if (input === undefined || rule.tool !== tool || placesIn(input).some(isOdd)) return false;
  if (rule.agent !== origin.agent || rule.devboxId !== origin.devboxId) return false;
  const { allows } = rule;
  if (rule.more !== input.more) return false;
  if (allows.kind === 'command') {
    if (input.kind !== 'command' || !isSameCommand(allows.command, input.command)) return false;
    const [cwd, runsIn] = await resolve(['.', ...placesIn(input)], origin.cwd, signal);
    return cwd === rule.cwd && runsIn === allows.in;
  }
  if (input.kind !== 'paths' || input.paths.length === 0) return false;
  const [cwd, ...paths] = await resolve(['.', ...input.paths], origin.cwd, signal);
  return cwd === rule.cwd && paths.every((path) => isIn(path, allows.under));
}

/**
 * Whether a rule answers a request: one that was not taken back while the devbox was looked at.
 *
 * @param rules those that there are now
 */
export async function isAllowed(
  rules: () => readonly ConsentRule[],
  request: WaitingRequest,
  origin: RequestOrigin,
  by: { readonly resolve: ResolvePaths; readonly signal: AbortSignal },
): Promise<boolean> {
  for (const rule of rules()) {
    if (!(await covers(rule, request, origin, by))) continue;
    if (rules().some((one) => isDeepStrictEqual(one, rule))) return true;
  }
  return false;
}

/** The paths of an input. */
function placesIn(input: NonNullable<WaitingRequest['input']>): readonly string[] {
  return input.kind === 'paths' ? input.paths : input.cwd === undefined ? [] : [input.cwd];
}

/** Whether some tools take a path for more than a name: a home, an address. Nobody can say where it leads. */
function isOdd(path: string): boolean {
  return path === '' || path.includes('\0') || /^(?:~|[A-Za-z][A-Za-z0-9+.-]*:)/.test(path);
}

function isSameCommand(one: string | readonly string[], other: string | readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
