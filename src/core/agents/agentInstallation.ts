import { createHmac } from 'node:crypto';
import type { DevboxCommands } from '../channel/devboxCommands';
import { RuntimeError } from '../errors';
import { asNumber, asObject, asString, parseJson, type JsonObject } from '../parse';
import { oneLine } from '../safeText';
import { agentsProblem } from '../problems/agents';
import type { Problem } from '../problems/problem';
import type { AgentRecipe } from './agentTable';
import * as installing from './installing/installScripts';
import { saysNoNetwork, saysNoRoom } from './installing/saidByInstaller';
import { isNameOfWindow } from './ledger';
import { prelude, sessionsFolder } from './spoolScripts';

const commandMs = 30_000;
/** Milliseconds in which npm's registry has to answer. */
const networkMs = 30_000;
/** Sessions of a devbox that are found: those that an account's window has made, then the newest. */
const mostSessions = 50;
/** Records that are read to find them: a devbox may have filled the folder with some of its own. */
const mostRecords = 500;
/** Bytes of names that are looked through for those of windows where there are more: some 115,000 records. */
const mostNames = 4_000_000;

/** folder → the names of records in it that may be of a window, the newest first */
const namesScript = `${prelude}arg folder; cd -- "$folder" 2>/dev/null || exit 0
find . -mindepth 2 -maxdepth 2 -type f -name mark -printf '%P\\n' | sed -n 's|/mark$||p' | grep -xE '[0-9a-z]{9}-[0-9a-f]{24}' | sort -r | head -c ${mostNames}; exit 0`;

/** folder, names of records or nothing for the newest → how many sessions are in it; then for each of those: its name, what is known of it, and how its process is */
const findScript = `${prelude}arg folder; chosen=(); while arg name; do chosen+=("./$name"); done; cd -- "$folder" 2>/dev/null || exit 0
all=$(find . -mindepth 2 -maxdepth 2 -type f -name mark -printf '%h\\n' | grep -x '\\./[A-Za-z0-9-]*' | sort -r)
print_fields "$(printf %s "$all" | grep -c .)"
[ "\${#chosen[@]}" = 0 ] || all=$(printf '%s\\n' "\${chosen[@]}")
printf '%s\\n' "$all" | head -n ${mostRecords} | grep . | while read -r one; do
  state=gone code= mark=
  [ ! -f "$one/ended" ] || IFS= read -r -d '' -n 3 code <"$one/ended"
  if [ -e "$one/ended" ]; then state="ended \${code//[!0-9]/}"; elif is_running "$one"; then state=running; fi
  IFS= read -r -d '' -n 2000 mark <"$one/mark"
  print_fields "\${one#./}" "$mark" "$state"
done 2>/dev/null; exit 0`;

/** Seconds in which an agent has taken its keys: after that nobody will. */
const keysSeconds = 300;

/** seconds → the name of a fresh private folder, which goes by itself: its window may be ended, or leave the account; those of before a suspend go now */
const keysScript = `umask 077; IFS= read -r -d '' seconds; mkdir -p ~/.runloop-agents && cd ~/.runloop-agents || exit 3
find . -maxdepth 1 -name 'keys-*' \\( -mmin +10 -o -newermt '10 minutes' \\) -exec rm -rf -- {} + 2>/dev/null
folder=$(mktemp -d "$PWD/keys-XXXXXXXXXX") && setsid -f sh -c 'sleep "$2"; rm -rf -- "$1"' keys "$folder" "$seconds" </dev/null >/dev/null 2>&1 && printf '%s\\n' "$folder"`;

/** folder → nothing */
const removeScript = `IFS= read -r -d '' folder; case $folder in */.runloop-agents/keys-*) rm -rf -- "$folder" ;; esac`;

/**
 * Takes variables from a file that it removes, sets those that follow, then becomes the agent. So a value is neither among
 * the words of a process nor in a log.
 */
const launcher = `if [ -n "$1" ]; then while IFS= read -r -d '' pair; do export "$pair"; done <"$1"; rm -rf -- "\${1%/*}"; fi
PATH=$2:$PATH; export PATH; shift 2
while [ "$1" != -- ]; do export "$1"; shift; done; shift; exec "$@"`;

/** How a devbox is, as far as an agent depends on it. */
export interface AgentEnvironment {
  readonly home: string;
  /** What it says of its version: hostile, and nothing where it says nothing. */
  readonly node: string;
  readonly hasNode: boolean;
  readonly npm: string;
  readonly freeMegabytes: number;
  readonly isInstalled: boolean;
  /** Resolved; undefined if there is no such folder. */
  readonly cwd: string | undefined;
  /** Variables that the devbox has a value for. */
  readonly has: ReadonlySet<string>;
}

/** A session's record in a devbox. What the mark says may have been changed by the agent. */
export interface FoundSession {
  readonly name: string;
  /** Whether what follows is as one of the account's windows has written it. */
  readonly isSealed: boolean;
  readonly agent: string;
  readonly agentName: string;
  readonly cwd: string;
  readonly startedMs: number;
  readonly life: 'running' | 'ended' | 'gone';
  /** How it ended, where that is known. */
  readonly exitCode?: number;
  /** What it goes on with, where it is not the first process of its session. */
  readonly earlier?: EarlierSession;
}

/** A session of earlier processes of an agent. */
interface EarlierSession {
  /** The record of the first of them. */
  readonly root: string;
  /** The agent's id of the session. */
  readonly sessionId: string;
}

/** What is found in a devbox, and how many records more there are. */
export interface FoundSessions {
  readonly sessions: readonly FoundSession[];
  readonly left: number;
}

/** Agents in one devbox: what is there, what is needed, and how one is started. */
export class AgentInstallation {
  readonly #devboxId: string;
  readonly #commands: DevboxCommands;

  constructor(devboxId: string, commands: DevboxCommands) {
    this.#devboxId = devboxId;
    this.#commands = commands;
  }

  /** @param cwd where it is to work; nothing for the home */
  async look(agent: AgentRecipe, cwd: string, signal: AbortSignal): Promise<AgentEnvironment> {
    const words = [installing.toolFolder(agent), cwd, ...agent.variables.map(({ name }) => name)];
    const [home = '', node = '', hasNode, npm = '', free = '', installed, at = '', ...has] = await this.#runScript(
      installing.lookScript,
      words,
      signal,
    );
    return {
      home,
      node,
      hasNode: hasNode === '1',
      npm,
      freeMegabytes: Math.floor(Number(free) / 1024),
      isInstalled: installed === '1' || agent.install === undefined,
      cwd: at === '' ? undefined : at,
      has: new Set(has),
    };
  }

  /** Why an agent cannot be installed or run there, as far as is known before it is tried. */
  refusal(
    agent: AgentRecipe,
    { node, hasNode, npm, freeMegabytes, isInstalled }: AgentEnvironment,
  ): RuntimeError | undefined {
    const { name } = agent;
    if (agent.node !== undefined) {
      const wanted = agent.node.join('.');
      if (!hasNode) return this.#error(agentsProblem('agent_no_node', { name, wanted }));
      if (!/^v?\d{1,6}\.\d/.test(node)) return this.#error(agentsProblem('agent_odd_node', { name, wanted }));
      if (!isAtLeast(node, agent.node)) {
        return this.#error(agentsProblem('agent_old_node', { name, wanted, found: oneLine(node, 40) }));
      }
    }
    if (isInstalled || agent.install === undefined || !('packages' in agent.install)) return undefined;
    if (npm === '') return this.#error(agentsProblem('agent_no_npm', { name }));
    if (freeMegabytes >= agent.megabytes) return undefined;
    return this.#error(agentsProblem('agent_no_room', { name, needed: agent.megabytes, free: freeMegabytes }));
  }

  /** The command that installs an agent, for bash. @param word tells this try from others */
  installCommand(agent: AgentRecipe, word: string, words: installing.InstallWords): string {
    return installing.installCommand(agent, word, words);
  }

  /** Why an install failed: mostly it is the network, or there was no room. @param output the end of what it printed, hostile */
  async installFailure(
    { name, install, run }: AgentRecipe,
    { exitCode, output }: { readonly exitCode: number; readonly output: string },
    signal: AbortSignal,
  ): Promise<RuntimeError> {
    if (exitCode === installing.noRoomCode || saysNoRoom(output)) {
      return this.#error(agentsProblem('agent_room_gone', { name }));
    }
    if (install !== undefined && 'packages' in install) {
      const ping = await this.#commands.run(installing.networkScript, { signal, deadlineMs: networkMs });
      if (ping.exitCode !== 0) return this.#error(agentsProblem('agent_no_network', { name }));
    }
    if (saysNoNetwork(output)) return this.#error(agentsProblem('agent_net_refused', { name }));
    if (exitCode !== installing.noProgramCode) return this.#error(agentsProblem('agent_install_failed', { name }));
    return this.#error(agentsProblem('agent_no_program', { name, command: oneLine(run[0], 80) }));
  }

  /** Removes what a try has left that was ended. @returns false where something of it is still there */
  async removeHalf(agent: AgentRecipe, word: string, signal: AbortSignal): Promise<boolean> {
    const stdin = Buffer.from(`${installing.halfOf(agent, word)}\0`);
    const { exitCode } = await this.#commands.run(installing.removeHalfScript, {
      stdin,
      signal,
      deadlineMs: commandMs,
    });
    return exitCode === 0;
  }

  /** A fresh private folder in which keys can be left for an agent that starts. */
  async keysFolder(signal: AbortSignal, seconds = keysSeconds): Promise<string> {
    const stdin = Buffer.from(`${seconds}\0`);
    const { exitCode, stdout } = await this.#commands.run(keysScript, { stdin, signal, deadlineMs: commandMs });
    const folder = Buffer.from(stdout).toString().trim();
    if (exitCode !== 0 || !folder.startsWith('/')) {
      throw this.#error(agentsProblem('agent_spool_failed', { why: 'mktemp' }));
    }
    return folder;
  }

  /** Removes a folder of keys, where the agent has not. */
  async removeKeys(folder: string, signal: AbortSignal): Promise<void> {
    await this.#commands.run(removeScript, { stdin: Buffer.from(`${folder}\0`), signal, deadlineMs: commandMs });
  }

  /** Sessions of the devbox by their records: those of the account's windows, then others, each the newest first. */
  async sessions(home: string, sealKey: Uint8Array, signal: AbortSignal): Promise<FoundSessions> {
    const folder = `${home}/${sessionsFolder}`;
    const [count = '0', ...words] = await this.#runScript(findScript, [folder], signal);
    const found = [...recordsIn(words, sealKey)];
    if (Number(count) > mostRecords) {
      const names = (await this.#run(namesScript, [folder], signal)).toString().split('\n');
      const known = new Set(found.map(({ name }) => name));
      const own = names.filter((name) => isNameOfWindow(name, sealKey) && !known.has(name)).slice(0, mostSessions);
      const [, ...more] = own.length === 0 ? [] : await this.#runScript(findScript, [folder, ...own], signal);
      found.push(...recordsIn(more, sealKey));
    }
    const sessions = found.sort((a, b) => Number(b.isSealed) - Number(a.isSealed)).slice(0, mostSessions);
    return { sessions, left: Math.max(0, Number(count) - sessions.length) };
  }

  /** The home of the devbox's user. */
  async home(signal: AbortSignal): Promise<string> {
    const { stdout } = await this.#commands.run(`printf %s "$HOME"`, { signal, deadlineMs: commandMs });
    return Buffer.from(stdout).toString();
  }

  async #runScript(script: string, words: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#run(script, words, signal)).toString().split('\0').slice(0, -1);
  }

  async #run(script: string, words: readonly string[], signal: AbortSignal): Promise<Buffer> {
    if (words.some((word) => word.includes('\0'))) throw new Error('A word has no NUL in it.');
    const stdin = Buffer.from(words.map((word) => `${word}\0`).join(''));
    const { stdout } = await this.#commands.run(script, { stdin, signal, deadlineMs: commandMs });
    return Buffer.from(stdout);
  }

  #error(problem: Problem): RuntimeError {
    return new RuntimeError({ problem, devboxId: this.#devboxId });
  }
}

function* recordsIn(words: readonly string[], sealKey: Uint8Array): Generator<FoundSession> {
  for (let at = 0; at + 2 < words.length; at += 3) {
    const [name = '', mark = '', state = ''] = words.slice(at, at + 3);
    const [life, code = ''] = state.split(' ');
    yield {
      name,
      ...markOf(name, mark, sealKey),
      life: life === 'running' || life === 'ended' ? life : 'gone',
      ...(code !== '' && { exitCode: Number(code) }),
    };
  }
}

type Mark = Omit<FoundSession, 'name' | 'life' | 'exitCode' | 'isSealed'>;

/** What is written beside a session for those who find it: sealed, as rules of consent hang on whose session it is. */
export function sessionMark(session: string, mark: Mark, sealKey: Uint8Array): string {
  return JSON.stringify({ ...mark, seal: sealOfMark(session, mark, sealKey) });
}

function markOf(session: string, text: string, sealKey: Uint8Array): Omit<FoundSession, 'name' | 'life' | 'exitCode'> {
  const known = asObject(parseJson(text));
  const mark = {
    agent: asString(known?.['agent']) ?? '',
    agentName: asString(known?.['agentName']) ?? '',
    cwd: asString(known?.['cwd']) ?? '',
    startedMs: asNumber(known?.['startedMs']) ?? 0,
    ...earlierIn(asObject(known?.['earlier'])),
  };
  return { ...mark, isSealed: asString(known?.['seal']) === sealOfMark(session, mark, sealKey) };
}

function earlierIn(known: JsonObject | undefined): { readonly earlier?: EarlierSession } {
  const [root, sessionId] = [asString(known?.['root']), asString(known?.['sessionId'])];
  return root === undefined || sessionId === undefined ? {} : { earlier: { root, sessionId } };
}

function sealOfMark(session: string, { agent, agentName, cwd, startedMs, earlier }: Mark, sealKey: Uint8Array): string {
  const of = earlier === undefined ? [] : [earlier.root, earlier.sessionId];
  const said = JSON.stringify(['mark', session, agent, agentName, cwd, startedMs, ...of]);
  return createHmac('sha256', sealKey).update(said).digest('hex');
}

/**
 * The words that start an agent.
 *
 * @param keysFile variables as `NAME=value`, each ended by NUL, removed when they are taken; nothing if there are none
 */
export function launchWords(agent: AgentRecipe, home: string, keysFile: string): readonly string[] {
  const bin = `${home}/${installing.toolFolder(agent)}/node_modules/.bin:${home}/${installing.toolFolder(agent)}/bin`;
  const set = Object.entries(agent.environment).map(([name, value]) => `${name}=${value}`);
  return ['bash', '-c', launcher, 'agent', keysFile, bin, ...set, '--', ...agent.run];
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, ownMajor = 0, ownMinor = 0] = (/^v?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
