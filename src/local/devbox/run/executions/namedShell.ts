/**
 * How a command runs in a named shell: in a bash of its own that first takes over the folder, the variables, functions
 * and options which the shell's last command left, and leaves its own for the next one. A command that is killed
 * therefore does not take the shell with it, and what it leaves in the background cannot mix its output into the next.
 * Arguments: the file that holds the state, the command, and what a new shell reads first.
 */
export const namedShellScript = String.raw`
if [ -f "$1" ]; then . "$1" 2>/dev/null; else . "$3"; fi
__devbox_state=$1
__devbox_keep() {
  local __devbox_options __devbox_name -
  __devbox_options=$(set +o; shopt -p)
  set +euxvnfC
  [ -d "\${__devbox_state%/*}" ] || command -p mkdir -p -- "\${__devbox_state%/*}" 2>/dev/null
  {
    builtin echo 'while IFS= read -r __devbox_name; do case $__devbox_name in SHLVL) ;; *) unset -v "$__devbox_name" ;; esac; done < <(compgen -e)'
    builtin printf 'cd -- %q\numask %s\n' "$PWD" "$(umask)"
    while IFS= read -r __devbox_name; do
      case $__devbox_name in
        BASH* | COMP_* | DIRSTACK | EPOCH* | EUID | FUNCNAME | GROUPS | HISTCMD | LINENO | OPTERR | OPTIND | PIPESTATUS | PPID | RANDOM | SECONDS | SHELLOPTS | SHLVL | SRANDOM | UID | _ | __devbox_*) ;;
        *) builtin declare -p "$__devbox_name" ;;
      esac
    done < <(compgen -v)
    builtin echo 'shopt -s extglob'
    builtin declare -f
    builtin alias -p
    builtin printf '%s\n' "$__devbox_options"
  } > "$__devbox_state.new" 2>/dev/null && (
    # With a variable that is too long for Linux no program can be started, and it has been written down by now.
    while IFS= read -r __devbox_name; do unset -v "$__devbox_name"; done < <(compgen -e)
    command -p mv -f -- "$__devbox_state.new" "$__devbox_state"
  ) 2>/dev/null
}
trap __devbox_keep EXIT
eval "shift 3
$2"
`.replaceAll('\\$', '$');
