import { createHash } from 'node:crypto';
import { quote } from '../../ground/shellWords';
import type { CommandOptions, CommandResult, DevboxCommands } from './devboxCommands';

/** What is printed, with status 3, where a script is not there any more. */
const gone = 'runloop_script_gone\0';
/** Characters that a script and its input may have, for the script to be sent in a way that keeps it: an execution has a limit. */
const mostSent = 60_000;
/** kB that must be free where scripts are kept: on a disk that is as good as full they would take the room of what is worked with. */
const leastFree = 1_024;
/** How often a script may be found gone before it is sent each time: where there is no room for it, asking costs a request. */
const mostMisses = 3;

/**
 * Scripts that a devbox keeps in our folder of it: each is sent once, and called by its hash then. What is there is held against
 * that before it runs, as others can write it; where it is not there, nothing has run, and it is sent whole again.
 */
export class KeptScripts {
  readonly #commands: DevboxCommands;
  /** Hashes of those that were kept, as far as is known. */
  readonly #kept = new Set<string>();
  #misses = 0;

  constructor(commands: DevboxCommands) {
    this.#commands = commands;
  }

  /**
   * Runs a script as `DevboxCommands.run` does.
   *
   * @param before further commands, which run before it
   */
  async run(script: string, options: CommandOptions, before = ''): Promise<CommandResult> {
    const { length = 0 } = options.stdin ?? {};
    if (script.length + length > mostSent || this.#misses > mostMisses) {
      return this.#commands.run(`${before}${script}`, options);
    }
    // With the new line that bash puts behind it.
    const hash = createHash('sha256').update(`${script}\n`).digest('hex');
    if (this.#kept.has(hash)) {
      const result = await this.#commands.run(`${before}${calling(hash)}`, options);
      const isGone = result.exitCode === 3 && Buffer.from(result.stdout).equals(Buffer.from(gone));
      this.#misses = isGone ? this.#misses + 1 : 0;
      if (!isGone) return result;
      this.#kept.delete(hash);
    }
    const result = await this.#commands.run(`${before}${keeping(hash, script)}`, options);
    this.#kept.add(hash);
    return result;
  }
}

/** Runs a script that is kept, if it is the one that is meant. One process for that: this runs for each look. */
const calling = (hash: string): string => `for rl_o in /var/tmp /tmp "$HOME"; do
rl_s=; rl_o=$rl_o/.runloop-devboxes-$EUID/.scripts/${hash}; [ -f "$rl_o" ] || continue
{ IFS= read -r -d '' -n ${mostSent} rl_s <"$rl_o"; } 2>/dev/null
[ "$(command -p sha256sum <<<"$rl_s")" != '${hash}  -' ] || break; rl_s=
done
[ -n "$rl_s" ] || { printf '${gone.slice(0, -1)}\\0'; exit 3; }
eval "$rl_s"`;

/** Keeps a script where there is room for it, then runs it. Those of other versions go after a week. */
const keeping = (hash: string, script: string): string => `rl_s=${quote(script)}
for rl_o in /var/tmp /tmp "$HOME"; do
[ -d "$rl_o" ] && [ -w "$rl_o" ] && ( rl_o=$rl_o/.runloop-devboxes-$EUID
umask 077; command -p mkdir -p -- "$rl_o/.scripts" && [ -O "$rl_o" ] && [ ! -L "$rl_o" ] && [ ! -L "$rl_o/.scripts" ] && cd -P -- "$rl_o/.scripts" && [ -O . ] || exit 1
command -p df -Pk . | { read -r _; read -r _ _ _ rl_free _; [ "$rl_free" -ge ${leastFree} ]; } || exit 1
command -p find . -maxdepth 1 -type f -mtime +7 -exec rm -f -- {} +
printf %s "$rl_s" > ".$$" && command -p mv -fT -- ".$$" ${hash} || { command -p rm -f -- ".$$"; exit 1; }
) </dev/null >/dev/null 2>&1 && break
done
eval "$rl_s"`;
