import { quote } from '../../../ground/shellWords';
import { systemPath } from '../../host/hostPrograms';
import type { DevboxTools } from '../devboxTools';

/**
 * `sudo` without a password, for root and the members of its group. What gives the rights is a program that the sandbox
 * has put into `rights`; where there is none, everything in the devbox has all the rights there are already. The rest is
 * what else sudo does: it resets the environment. Variables that were not set inside the command therefore do not arrive,
 * as with the real one.
 */
export const sudoShim = String.raw`#!/bin/bash
keep= target=root group= shell= folder= list= behind= limit= forget= members=()
while [ $# -gt 0 ]; do
  case "$1" in
    -[EHnSkisvKbABNPl]?*) set -- "\${1:0:2}" "-\${1:2}" "\${@:2}" ;;
    -E | --preserve-env) keep=all; shift ;;
    --preserve-env=*) keep="$keep,\${1#*=},"; shift ;;
    -i | --login) shell=login; shift ;;
    -s | --shell) shell=plain; shift ;;
    -v | --validate | -K | --remove-timestamp) exit 0 ;;
    -V | --version) echo "Sudo version 1.9 (a local devbox's, without a password)"; exit 0 ;;
    --help) list=usage; break ;;
    -k | --reset-timestamp) forget=yes; shift ;;
    -l | --list) list=yes; shift ;;
    -b | --background) behind=yes; shift ;;
    -P | --preserve-groups) members=(--keep-groups); shift ;;
    # There is neither a password nor anything remembered of one.
    -n | -H | -S | -A | -B | -N | --non-interactive | --set-home | --stdin | --askpass | --bell | --no-update) shift ;;
    -C | -U | -r | -t | --close-from | --other-user | --role | --type) shift 2 || exit 1 ;;
    --close-from=* | --other-user=* | --role=* | --type=* | --prompt=*) shift ;;
    -T | --command-timeout) limit=$2; shift 2 || exit 1 ;;
    --command-timeout=*) limit=\${1#*=}; shift ;;
    -u | --user) target=$2; shift 2 || exit 1 ;;
    -g | --group) group=$2; shift 2 || exit 1 ;;
    -D | --chdir) folder=$2; shift 2 || exit 1 ;;
    -p | --prompt) shift 2 || exit 1 ;;
    -[gDpCUTrt]?*) set -- "\${1:0:2}" "\${1:2}" "\${@:2}" ;;
    --user=*) target=\${1#*=}; shift ;;
    --group=*) group=\${1#*=}; shift ;;
    --chdir=*) folder=\${1#*=}; shift ;;
    -u?*) target=\${1#-u}; shift ;;
    --) shift; break ;;
    -*) echo "sudo: the option $1 is not offered in a local devbox." >&2; exit 1 ;;
    *) break ;;
  esac
done
caller=user callerid=1000 callergroup=1000 home=$HOME login=/bin/bash become=()
rights=/run/devbox/rights/setpriv
if [ -z "$RUNLOOP_LOCAL_ROOT" ] && [ -e "$rights" ]; then
  if [ ! -x "$rights" ]; then
    echo "sudo: $USER is not in the sudoers file." >&2
    exit 1
  fi
  caller= callerid=$UID callergroup=$GROUPS uid= gid=0
  case $target in '#'*) uid=\${target#?} home=/ ;; esac
  while IFS=: read -r name _ number primary _ place program; do
    if [ "$number" = "$UID" ] && { [ -z "$caller" ] || [ "$name" = "$USER" ]; }; then caller=$name; fi
    if [ "$name" = "$target" ] || [ "#$number" = "$target" ]; then
      target=$name uid=$number gid=$primary home=$place
      if [ -n "$program" ]; then login=$program; fi
    fi
  done < /etc/passwd
  if [ -z "$uid" ]; then
    echo "sudo: unknown user $target" >&2
    exit 1
  fi
  groups=(--clear-groups)
  if [ "$uid" != 0 ]; then
    all=$(id -G -- "$target" 2> /dev/null)
    if [ -n "$all" ]; then groups=(--groups "\${all// /,}"); fi
  fi
  if [ \${#members[@]} != 0 ]; then groups=("\${members[@]}"); fi
  if [ -n "$group" ]; then
    case $group in '#'*) gid=\${group#?} ;; esac
    while IFS=: read -r name _ number _; do if [ "$name" = "$group" ]; then gid=$number; fi; done < /etc/group
  fi
  become=("$rights" --reuid "$uid" --regid "$gid" "\${groups[@]}" --)
fi
usage='usage: sudo [-bE] [-i | -s] [-u user] [-g group] [-D folder] [NAME=value] command'
case $list in
  usage) echo "$usage"; exit 0 ;;
  yes)
    if [ $# = 0 ]; then
      echo "User $caller may run the following commands on $(cat /proc/sys/kernel/hostname):"
      echo '    (ALL : ALL) NOPASSWD: ALL'
      exit 0
    fi
    type -P -- "$1"
    exit ;;
esac
if [ -n "$forget" ] && [ $# = 0 ] && [ -z "$shell" ]; then exit 0; fi
if [ "$keep" != all ]; then
  for name in $(compgen -e); do
    case "$name" in
      PATH | HOME | LANG | LC_ALL | TERM | PS1 | PROMPT_COMMAND | __oh_sequence | PIP_BREAK_SYSTEM_PACKAGES | UV_BREAK_SYSTEM_PACKAGES | COLORTERM | SHELL | RUNLOOP_LOCAL_* | http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY) ;;
      *)
        case $name in
          # Without another user there is none whose own place would be the right one.
          NPM_CONFIG_PREFIX | NPM_CONFIG_GLOBALCONFIG) if [ \${#become[@]} = 0 ]; then continue; fi ;;
        esac
        case "$keep" in *",$name,"*) ;; *) unset "$name" ;; esac ;;
    esac
  done
fi
# Without a file system view, temporary files have to stay in the devbox's own folder.
if [ -n "$RUNLOOP_LOCAL_ROOT" ]; then export TMPDIR="$RUNLOOP_LOCAL_ROOT/tmp"; fi
export SUDO_USER=$caller SUDO_UID=$callerid SUDO_GID=$callergroup
if [ \${#become[@]} != 0 ]; then
  export USER=$target LOGNAME=$target
  # The system's programs first, as everywhere: what a user has installed in its home finds its parts as that user only.
  case $keep in
    *,PATH,*) ;;
    *)
      secure=:/run/devbox/bin:${systemPath}:
      IFS=: read -ra others <<< "$PATH"
      for name in "\${others[@]}"; do case $secure in *":$name:"*) ;; *) secure=$secure$name: ;; esac; done
      PATH=\${secure:1:-1} ;;
  esac
  case "$keep" in *,HOME,*) ;; *) export HOME=$home ;; esac
fi
while [[ "$1" =~ ^[A-Za-z_][A-Za-z0-9_]*= ]]; do export "$1"; shift; done
if [ $# -eq 0 ] && [ -z "$shell" ]; then
  echo "$usage" >&2
  exit 1
fi
# A path may be one that only the other user can go to.
if [ -z "$shell" ] && [[ $1 != */* ]] && ! type -P -- "$1" > /dev/null; then
  echo "sudo: $1: command not found" >&2
  exit 1
fi
case $shell in
  login)
    if [ $# -eq 0 ]; then set -- "$login" -l; else set -- "$login" -lc "$(printf '%q ' "$@")"; fi
    ;;
  plain) if [ $# -eq 0 ]; then set -- "$login"; else set -- "$login" -c "$(printf '%q ' "$@")"; fi ;;
esac
if [ -z "$folder" ] && [ "$shell" = login ]; then set -- /bin/bash --norc -c 'cd 2> /dev/null; exec -- "$@"' sudo "$@"; fi
# Only the one it becomes may be able to go there.
if [ -n "$folder" ]; then set -- /bin/bash --norc -c 'cd -- "$0" && exec -- "$@"' "$folder" "$@"; fi
if [ -n "$limit" ]; then set -- timeout "$limit" "$@"; fi
if [ -n "$behind" ]; then
  "\${become[@]}" "$@" &
  exit 0
fi
exec -- "\${become[@]}" "$@"
`.replaceAll('\\${', '${');

/**
 * `su` for the devbox's user, who has no password to give: as `sudo` lets it. Root has the system's own. Nothing is asked of
 * users who may not use `sudo`; they are refused as a wrong password is.
 */
export const suShim = String.raw`#!/bin/bash
# Where everything belongs to one user the system's own can make nobody else of it, and says so instead of running anything.
if [ "$UID" = 0 ] && { [ -n "$RUNLOOP_LOCAL_ROOT" ] || [ -e /run/devbox/rights/setpriv ]; }; then
  for program in /usr/bin/su /bin/su; do if [ -x "$program" ]; then exec "$program" "$@"; fi; done
fi
user=root command= shell= login= keep=() words=() group=()
while [ $# -gt 0 ]; do
  case "$1" in
    -[lmpfPTh]?*) set -- "\${1:0:2}" "-\${1:2}" "\${@:2}" ;;
    - | -l | --login) login=yes; shift ;;
    -f | -P | -T | --fast | --pty | --no-pty) shift ;;
    -g | -G | --group | --supp-group) group=(-g "$2"); shift 2 || exit 1 ;;
    -w | --whitelist-environment) keep+=("--preserve-env=$2"); shift 2 || exit 1 ;;
    --whitelist-environment=*) keep+=("--preserve-env=\${1#*=}"); shift ;;
    -c | --command | --session-command) command=$2; shift 2 || exit 1 ;;
    -c*) command=\${1#-c}; shift ;;
    --command=*) command=\${1#*=}; shift ;;
    -s | --shell) shell=$2; shift 2 || exit 1 ;;
    -s*) shell=\${1#-s}; shift ;;
    --shell=*) shell=\${1#*=}; shift ;;
    -m | -p | --preserve-environment) keep+=(-E); shift ;;
    --) shift; break ;;
    -*) echo "su: the option $1 is not offered in a local devbox." >&2; exit 1 ;;
    *) words+=("$1"); shift ;;
  esac
done
words+=("$@")
if [ "\${#words[@]}" != 0 ]; then user=\${words[0]}; fi
shell=\${shell:-/bin/bash}
start=("\${0%/*}/sudo" "\${keep[@]}" "\${group[@]}" -u "$user")
if [ ! -x "\${start[0]}" ]; then start[0]=sudo; fi
run=("$shell")
if [ -n "$login" ]; then run+=(-l); start+=(-D "$(while IFS=: read -r name _ _ _ _ home _; do if [ "$name" = "$user" ]; then echo "$home"; fi; done < /etc/passwd)"); fi
if [ -n "$command" ]; then run+=(-c "$command"); fi
exec "\${start[@]}" -- "\${run[@]}" "\${words[@]:1}"
`.replaceAll('\\${', '${');

/**
 * What a command's bash reads first, as a login shell does: where installers leave their search paths. The computer's own
 * `/etc/profile` is none of the devbox's business.
 */
export const loginScript = String.raw`case $BASH_ENV in */run/devbox/login) unset -v BASH_ENV ;; esac
for __devbox_profile in ~/.bash_profile ~/.bash_login ~/.profile; do
  if [ -r "$__devbox_profile" ]; then . "$__devbox_profile"; break; fi
done
unset -v __devbox_profile
`;

/** `newuidmap` and `newgidmap`, as unshare calls them: root of the host needs no list of who may lend which numbers. */
export function mapShim(file: 'uid_map' | 'gid_map'): string {
  return `#!/bin/sh
pid=$1
shift
printf '%s %s %s\\n' "$@" > "/proc/$pid/${file}"
`;
}

/** `micromamba run -n openhands …`: puts the environment's programs first on the search path. */
export function micromambaShim(prefix: string): string {
  return String.raw`#!/bin/bash
if [ "$1" != run ]; then
  echo "micromamba: only 'run' is offered in a local devbox." >&2
  exit 1
fi
shift
name=
while [ $# -gt 0 ]; do
  case "$1" in
    -n | --name) name=$2; shift 2 || exit 1 ;;
    --) shift; break ;;
    -*) echo "micromamba: the option $1 is not offered in a local devbox." >&2; exit 1 ;;
    *) break ;;
  esac
done
if [ "$name" != openhands ]; then
  echo "micromamba: there is no environment '$name'; this devbox has 'openhands' only." >&2
  exit 1
fi
export CONDA_DEFAULT_ENV=openhands PATH=${quote(`${prefix}/openhands/micromamba/envs/openhands/bin`)}:"$PATH"
exec -- "$@"
`;
}

/** `poetry`: its configuration is of no use here, so settings are accepted; `run` runs. */
export const poetryShim = String.raw`#!/bin/bash
case "$1" in
  config) exit 0 ;;
  run) shift; exec -- "$@" ;;
  *) echo "poetry: only 'run' and 'config' are offered in a local devbox." >&2; exit 1 ;;
esac
`;

/** `python`: OpenHands' action execution server is the local platform's own; all else is the system's Python. */
export function pythonShim(prefix: string, tools: DevboxTools): string {
  return String.raw`#!/bin/bash
if [ "$1" = -u ] && [ "$2" = -m ] && [ "$3" = openhands.runtime.action_execution_server ]; then
  shift 3
  server=${quote(tools.actionServer)}
  if [ ! -f "$server" ]; then
    echo "python: the local platform has no action execution server. Build it, then start the platform again." >&2
    exit 1
  fi
  ${tools.electron ? 'export ELECTRON_RUN_AS_NODE=1' : ':'}
  exec ${quote(tools.node)} "$server" "$@"
fi
PATH=$(printf %s ":$PATH:" | sed "s#:"${quote(`${prefix}/openhands/micromamba/envs/openhands/bin`)}":#:#g")
PATH=$(printf %s "$PATH" | sed 's/^:*//; s/:*$//')
python=$(command -v python3)
if [ -z "$python" ]; then
  echo "python: this computer has no python3. Install it on the host to use it in local devboxes." >&2
  exit 127
fi
exec "$python" "$@"
`;
}
