import type { DevboxCommands } from '../../channel/devboxCommands';
import { RuntimeError } from '../../errors';
import { agentsProblem } from '../../problems/agents';
import { isActive, prelude, sessionsFolder } from '../spoolScripts';
import { sweep, toolsFolder } from './installScripts';

const listMs = 30_000;
/** Milliseconds that removing some hundred thousand files may take. */
const removeMs = 120_000;
/** Installations of a devbox that are told; it may have made any number of folders. */
const mostFolders = 100;

/** Sessions that have a process. An agent may have written of itself what it likes: it is only its own removal that this holds up. */
const active = `${prelude}${isActive}shopt -s nullglob
mark_of() { mark=; [ -f "$1/mark" ] && ! IFS= read -r -d '' -n 2000 mark <"$1/mark"; [ -n "$mark" ] && is_active "$1"; }
`;

/**
 * → names of folders of agents, nothing, then the marks of the sessions that run. What was left by somebody who was cut is removed,
 * where nobody installs.
 */
const listScript = `${active}${sweep}cd -- ~/${toolsFolder} 2>/dev/null || exit 0
find . -mindepth 1 -maxdepth 1 -xtype d -name '*-*' ! -name '*.new' ! -name '*.old' -printf '%f\\0' | head -z -n 1000; print_fields ''
for one in ~/${sessionsFolder}/*; do ! mark_of "$one" || print_fields "$mark"; done
exec 9<. && flock -n 9 && sweep; exit 0`;

/**
 * id of an agent, a word, names of folders → `running`, `busy` (somebody installs), `failed`; `left` where none of them counts as an agent any more, but
 * something is still there; or `removed`. Each is renamed first: whoever is cut leaves nothing that looks like an agent.
 */
const removeScript = `${active}${sweep}arg agent; arg word; names=(); while arg name; do names+=("$name"); done
cd -- ~/${toolsFolder} 2>/dev/null || { print_fields removed; exit 0; }
exec 9<. && flock -w 5 9 || { print_fields busy; exit 0; }
for one in ~/${sessionsFolder}/*; do
  ! mark_of "$one" || case $mark in '{"agent":"'"$agent"'",'*) print_fields running; exit 0 ;; esac
done
for name in "\${names[@]}"; do
  { [ ! -e "$name" ] && [ ! -L "$name" ]; } || mv -T -- "$name" "$name.$word.old" || { print_fields failed; exit 0; }
done 2>/dev/null
sweep; left=(./*."$word".old); [ \${#left[@]} = 0 ] && print_fields removed || print_fields left; exit 0`;

/** What of agents is in a devbox. */
export interface Installed {
  /** Names of folders, by the agent's id. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
  /** Ids of agents of which a session runs there. */
  readonly running: ReadonlySet<string>;
}

/** The agents that are installed in a devbox, and how they go from it. */
export class InstalledAgents {
  readonly #devboxId: string;
  readonly #commands: DevboxCommands;

  constructor(devboxId: string, commands: DevboxCommands) {
    this.#devboxId = devboxId;
    this.#commands = commands;
  }

  /** What is there. Leftovers of installations and removals that were cut are removed by the way, unless somebody installs now. */
  async list(signal: AbortSignal): Promise<Installed> {
    const all = await this.#run(listScript, [], { signal, deadlineMs: listMs });
    const end = all.indexOf('');
    const folders = new Map<string, string[]>();
    for (const name of all
      .slice(0, end < 0 ? 0 : end)
      .sort()
      .slice(0, mostFolders)) {
      const id = idInName(name);
      if (id !== undefined) folders.set(id, [...(folders.get(id) ?? []), name]);
    }
    const ids = all.slice(end + 1).flatMap((mark) => /^\{"agent":"([^"]*)"/.exec(mark)?.[1] ?? []);
    return { folders, running: new Set(ids) };
  }

  /**
   * Removes folders of an agent, unless a session of it runs.
   *
   * @param word tells this removal from others: letters and digits
   * @returns false where something of it could not be removed, which is no agent any more
   * @throws RuntimeError `agent_removal_running`, `agent_removal_busy` or `agent_removal_failed`
   */
  async remove(
    { id, name }: { readonly id: string; readonly name: string },
    { folders, word }: { readonly folders: readonly string[]; readonly word: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (folders.some((folder) => idInName(folder) !== id)) throw new Error('A folder is not of this agent.');
    const [how] = await this.#run(removeScript, [id, word, ...folders], { signal, deadlineMs: removeMs });
    if (how === 'removed') return true;
    if (how === 'left') return false;
    const problem =
      how === 'running'
        ? agentsProblem('agent_removal_running', { name })
        : how === 'busy'
          ? agentsProblem('agent_removal_busy', { name })
          : agentsProblem('agent_removal_failed', { name });
    throw new RuntimeError({ problem, devboxId: this.#devboxId });
  }

  async #run(
    script: string,
    words: readonly string[],
    limits: { readonly signal: AbortSignal; readonly deadlineMs: number },
  ): Promise<readonly string[]> {
    const stdin = Buffer.from(words.map((word) => `${word}\0`).join(''));
    const { stdout } = await this.#commands.run(script, { ...limits, stdin });
    return Buffer.from(stdout).toString().split('\0').slice(0, -1);
  }
}

/** Where a folder of an agent is, for people. */
export function shownFolder(name: string): string {
  return `~/${toolsFolder}/${name}`;
}

/** Whose version a folder has, by its name; undefined where it is none of ours. */
function idInName(name: string): string | undefined {
  return /^(own-[0-9a-f]{12}|[a-z]{1,30})-[0-9A-Za-z.+-]{1,60}$/.exec(name)?.[1];
}
