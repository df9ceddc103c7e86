import { quote } from '../../../ground/shellWords';
import type { AgentRecipe } from '../agentTable';
import { prelude } from '../spoolScripts';

/** The folder of what is installed, below the home. */
export const toolsFolder = '.runloop-agents/tools';
/** How an installation says that there was no room left; one that ends so by itself is told as another failure. */
export const noRoomCode = 251;
/** How one says that it has ended well, and the command of a person's own agent is not there. */
export const noProgramCode = 252;
/** kB that are as good as none. */
const leastRoom = 2_048;

/** The folder of an agent, below the home. */
export function toolFolder(agent: AgentRecipe): string {
  return `${toolsFolder}/${toolName(agent)}`;
}

function toolName({ id, version }: AgentRecipe): string {
  return `${id}-${version}`;
}

/**
 * Removes what tries and removals have left that were cut, in the folder of all agents, under its lock: whoever holds that is the only one. What
 * an installer has write-protected, as some do with their downloads, is made writable before; links are not followed.
 */
export const sweep = `discard() { rm -rf -- "$1" 2>/dev/null || { [ -L "$1" ] || chmod -R u+rwX -- "$1"; rm -rf -- "$1"; } 2>/dev/null; }
sweep() { local one; for one in ./*-*.new ./*-*.old; do discard "$one"; done; }
`;

/** What an installation may say in a devbox, in a person's language. */
export interface InstallWords {
  /** Another one is waited for. */
  readonly waits: string;
  /** Another one has done it. */
  readonly done: string;
  /** It has ended well, and the agent's command is not there. */
  readonly missing: string;
}

/**
 * The command that installs an agent, for bash. It works in a folder of its own, which becomes the agent's when it is whole; of several at
 * once the first installs. The lock is on the folder and held by this shell alone: whatever the installer leaves running holds nobody up.
 *
 * @param word tells this try from others: letters and digits
 */
export function installCommand(agent: AgentRecipe, word: string, words: InstallWords): string {
  const name = toolName(agent);
  const fresh = `${name}.${word}.new`;
  const { install } = agent;
  const isPackages = install !== undefined && 'packages' in install;
  const command = isPackages
    ? `npm install --prefix . --global=false --bin-links --include=optional --no-audit --no-fund ${install.packages.join(' ')}`
    : (install?.command ?? 'true');
  const check = isPackages ? `[ -e node_modules/.bin/${quote(agent.run[0])} ]` : isThere(agent.run[0]);
  return [
    `${sweep}umask 077; mkdir -p ~/${toolsFolder} && cd ~/${toolsFolder} || exit`,
    `exec 9<. && { flock -n 9 || { echo ${quote(words.waits)}; flock 9; }; } || exit`,
    `[ ! -d ${name} ] || { echo ${quote(words.done)}; exit 0; }`,
    `sweep; discard ${name}; mkdir ${fresh} && cd ${fresh} || exit`,
    `bash -c ${quote(command)} </dev/null 9<&-; code=$?; case $code in ${noRoomCode} | ${noProgramCode}) code=1 ;; esac`,
    `[ $code != 0 ] || ${check} || { echo ${quote(words.missing)} >&2; code=${isPackages ? 1 : noProgramCode}; }`,
    `[ $code != 0 ] || { cd .. && mv -T ${fresh} ${name} && exit 0; code=1; }`,
    `df -Pk . | awk 'NR == 2 && $4 < ${leastRoom} { exit 1 }' && df -Pi . | awk 'NR == 2 && $2 > 0 && $4 == 0 { exit 1 }' || code=${noRoomCode}`,
    `cd ..; rm -rf ${fresh}; exit $code`,
  ].join('\n');
}

/**
 * Whether a command would be found when its agent is started: in the folder, or as any command, also in a shell that begins now. It is what tells
 * that `curl … | sh` has not reached anything, which ends well. A path may be one that is there only later.
 */
function isThere(command: string): string {
  if (command.includes('/')) return 'true';
  const find = quote('PATH=$1:$PATH; command -v -- "$2" >/dev/null');
  const words = `find "$PWD/node_modules/.bin:$PWD/bin" ${quote(command)} </dev/null 2>/dev/null 9<&-`;
  return `bash -c ${find} ${words} || bash -lc ${find} ${words}`;
}

/** name of a folder → nothing; fails where something of it is left. Who works in it has been ended, and may be a moment from its end. */
export const removeHalfScript = `${prelude}arg name; cd -- ~/${toolsFolder} 2>/dev/null || exit 0
for ((i = 0; i < 20; i++)); do rm -rf -- "$name" 2>/dev/null && exit 0; sleep 0.1; done; exit 1`;

/** What a try with this word works in, for {@link removeHalfScript}. */
export function halfOf(agent: AgentRecipe, word: string): string {
  return `${toolName(agent)}.${word}.new`;
}

/** Prints what a program says about itself: at most so many characters, and for a limited time, whatever it is. */
const told = `told() { timeout -k 1 6 "$@" 2>/dev/null </dev/null | timeout -k 1 7 head -c 200 | tr -d '\\0'; }`;

/**
 * folder of the agent, working directory or nothing, names of variables → home, Node's version, 1 if there is a node, npm's version, kB that are
 * free, 1 if the agent is installed, the working directory, then which of the variables have a value. Node is asked without the options
 * that its environment has for it, which may be none of this version's.
 */
export const lookScript = `mapfile -d '' -t environment < <(exec env -0)
${prelude}${told}
arg tool; arg cwd; names=(); while arg name; do names+=("$name"); done
case $cwd in '~' | '~/'*) cwd=$HOME\${cwd#\\~} ;; esac
cwd=$(CDPATH= cd -- "\${cwd:-$HOME}" 2>/dev/null && pwd -P)
room=~/${toolsFolder}; [ -d "$room" ] || room=~
NODE_OPTIONS=; node=$(told node --version); npm=; [ -z "$node" ] || npm=$(told npm --version)
print_fields "$HOME" "$node" "$(command -v node >/dev/null && echo 1)" "$npm" "$(df -Pk "$room" | awk 'NR == 2 { print $4 }')"
[ -d "$HOME/$tool" ] && print_fields 1 || print_fields ''
print_fields "$cwd"
for name in "\${names[@]}"; do for one in "\${environment[@]}"; do
  case $one in "$name="?*) print_fields "$name"; break ;; esac
done; done; exit 0`;

/** → nothing; fails where npm's registry cannot be reached */
export const networkScript = `timeout 15 npm ping --fetch-retries=0 --fetch-timeout=10000 >/dev/null 2>&1`;
