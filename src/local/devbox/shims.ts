import type { DevboxTools } from './hostTools';

/** Quotes one word for a shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * `sudo`: everything in a devbox already has all the rights there are, so this only does what else sudo does: it resets
 * the environment. Variables that were not set inside the command therefore do not arrive, as with the real one.
 */
export const sudoShim = String.raw`#!/bin/bash
keep=
while [ $# -gt 0 ]; do
  case "$1" in
    -E | --preserve-env) keep=all; shift ;;
    --preserve-env=*) keep=",$(printf %s "$1" | cut -d= -f2-),"; shift ;;
    -n | -H | -S | -k | --non-interactive | --set-home) shift ;;
    -u | -g | --user | --group) shift 2 || exit 1 ;;
    --user=* | --group=*) shift ;;
    --) shift; break ;;
    -*) echo "sudo: the option $1 is not offered in a local devbox." >&2; exit 1 ;;
    *) break ;;
  esac
done
if [ "$keep" != all ]; then
  for name in $(compgen -e); do
    case "$name" in
      PATH | HOME | LANG | TERM | SHELL | RUNLOOP_LOCAL_* | http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY) ;;
      *) case "$keep" in *",$name,"*) ;; *) unset "$name" ;; esac ;;
    esac
  done
fi
# Without a file system view, temporary files have to stay in the devbox's own folder.
if [ -n "$RUNLOOP_LOCAL_ROOT" ]; then export TMPDIR="$RUNLOOP_LOCAL_ROOT/tmp"; fi
while [[ "$1" =~ ^[A-Za-z_][A-Za-z0-9_]*= ]]; do export "$1"; shift; done
export SUDO_USER=user SUDO_UID=1000 SUDO_GID=1000
if [ $# -eq 0 ]; then
  echo "usage: sudo [-E] [-u user] [NAME=value] command" >&2
  exit 1
fi
exec -- "$@"
`;

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
