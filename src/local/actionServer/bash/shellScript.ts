import { quote } from '../../../ground/shellWords';
import { screenColumns, screenRows } from './screenSize';

/** Prefix of the operating system commands by which the shell tells the server where it is. */
export function markerPrefix(nonce: string): string {
  return `7717;${nonce};`;
}

/**
 * The line that is typed to start a command. It begins with a plain word on purpose: after a syntax error inside
 * `eval`, bash does not recognise a reserved word such as `{` at the beginning of the next line.
 *
 * @param sequence number of the command; a number that was started before starts nothing
 */
export function triggerLine(sequence: number): string {
  return `__oh_begin ${sequence}; eval "$__oh_command"; { __oh_keep_prompt; } 2>/dev/null\n`;
}

/** The key that takes away what has been typed of a line. */
export const killLine = '\u0015';

/** The line that is typed to start a command in a shell that is no bash. */
export function plainTriggerLine(commandFile: string): string {
  return `. ${quote(commandFile)}\n`;
}

/** What the start file of a shell is made of. */
export interface ShellScriptParts {
  /** Random word, known only to the server, that marks the shell's reports. */
  readonly nonce: string;
  /** File with the command to run. */
  readonly commandFile: string;
  /** The file that a bash within this one reads at its first prompt. */
  readonly nestedFile: string;
  /** Where the shell may keep what has become of its jobs. */
  readonly jobsFile: string;
  /** False when bash has only pipes. */
  readonly isTerminal: boolean;
  /** The name of the shell's user, which may share its number with others; undefined asks the system. */
  readonly user: string | undefined;
}

/**
 * The start file of the interactive bash. Bash reads each command from a file and evaluates it, so that the terminal's
 * line limit, echo and history expansion do not matter; the prompt reports the end of a command. Because a command may
 * replace PROMPT_COMMAND, the report is put back into it after each one. What has become of jobs is told before the report,
 * because bash itself would tell it after.
 *
 */
export function shellScript(parts: ShellScriptParts): string {
  return `if [[ -r ~/.bashrc ]]; then . ~/.bashrc; fi
${parts.isTerminal ? terminalSetup : pipeSetup}
__oh_sequence=0
${functionsOf(parts)}__oh_keep_prompt
${parts.isTerminal ? 'export __oh_sequence PROMPT_COMMAND PS1' : ''}
`;
}

/**
 * What a bash within the first one (`bash`, `su`, `newgrp`, whatever keeps the environment) reads before its first prompt,
 * so that it reports as the first does.
 */
export function nestedScript(parts: ShellScriptParts): string {
  return functionsOf({ ...parts, user: undefined });
}

function functionsOf({ nonce, commandFile, nestedFile, jobsFile, isTerminal, user }: ShellScriptParts): string {
  const prefix = markerPrefix(nonce);
  // Not the shell's own output, because a command may redirect that for good.
  const report = isTerminal ? '>/dev/tty' : '>&${__oh_out}';
  // Printed by every shell as its prompt, also by one that is no bash; where nothing else has told of the end, this does.
  const plainPrompt = isTerminal ? `$'\\e]${prefix}P;$?;$$;$PWD\\a'` : '';
  return `PS1=${plainPrompt} PS2=
set +o history +H
unset HISTFILE
alias git='git --no-pager'
__oh_command= __oh_text= __oh_status=0
__oh_user='\\u' __oh_host='\\h'
__oh_user=${user === undefined ? '${__oh_user@P}' : quote(user)} __oh_host=\${__oh_host@P}
__oh_begin() {
  local __oh_result=$? -
  set +euxvaC
  if (( $1 <= __oh_sequence )); then __oh_command=; return $__oh_result; fi
  __oh_sequence=$1
  IFS= builtin read -r -d '' __oh_command < ${quote(commandFile)}
  builtin printf '\\e]${prefix}S;%s\\a' "$1" ${report}
  return $__oh_result
}
__oh_escape() {
  local value=$1 out= piece code at
  value=\${value//\\\\/\\\\\\\\}
  value=\${value//\\"/\\\\\\"}
  if [[ $value == *[[:cntrl:]]* ]]; then
    for (( at = 0; at < \${#value}; at++ )); do
      piece=\${value:at:1}
      if [[ $piece == [[:cntrl:]] ]]; then builtin printf -v code '\\\\u%04x' "'$piece"; out+=$code
      else out+=$piece; fi
    done
    value=$out
  fi
  __oh_text=$value
}
__oh_python() {
  local IFS=: folder
  set -f
  for folder in $PATH; do
    if [[ -f \${folder:-.}/python && -x \${folder:-.}/python ]]; then __oh_text=\${folder:-.}/python; return; fi
  done
  __oh_text=
}
__oh_prompt() {
  local __oh_result=$__oh_status -
  set +euxvaC
  local job=$! cwd python
  PS1=${plainPrompt}
  __oh_command=
  __oh_jobs
  __oh_python; __oh_escape "$__oh_text"; python=$__oh_text
  __oh_escape "$PWD"; cwd=$__oh_text
  builtin printf '\\e]${prefix}E;%s;{"exit_code":%d,"pid":%d,"shell_pid":%d,"username":"%s","hostname":"%s","working_dir":"%s","py_interpreter_path":"%s"}\\a' \\
    "$__oh_sequence" "$__oh_result" "\${job:--1}" "$$" "$__oh_user" "$__oh_host" "$cwd" "$python" ${report}
  return $__oh_result
}
__oh_jobs() {
  local line
  builtin jobs -n > ${quote(jobsFile)}
  while IFS= builtin read -r line; do
    if [[ $line != *' Running '* ]]; then builtin printf '%s\\n' "$line"; fi
  done < ${quote(jobsFile)} ${report}
}
__oh_keep_prompt() {
  local __oh_result=$? -
  set +euxva
  local report=${quote(
    `{ __oh_status=$?; declare -F __oh_prompt || . ${quote(nestedFile)}; __oh_prompt; } >/dev/null 2>&1`,
  )}
  if [[ -z \${PROMPT_COMMAND-} ]]; then PROMPT_COMMAND=$report
  elif [[ \${PROMPT_COMMAND[*]} != *"$report"* ]]; then PROMPT_COMMAND=$PROMPT_COMMAND$'\\n'$report; fi
  return $__oh_result
}
${trapFunction}readonly -f __oh_begin __oh_escape __oh_python __oh_jobs __oh_prompt __oh_keep_prompt
`;
}

/** Traps that strike at commands and functions strike at the user's own only. */
const trapFunction = `trap() {
  if [[ \${1-} == -- ]]; then shift; fi
  if (( $# < 2 )) || [[ $1 == -?* ]]; then builtin trap "$@"; return; fi
  local __oh_signal __oh_failed=0
  for __oh_signal in "\${@:2}"; do
    case \${__oh_signal^^} in
      DEBUG | ERR | RETURN)
        # What a function takes away comes back when it ends; an empty command does not.
        if [[ -z $1 || $1 == - ]]; then builtin trap : "$__oh_signal"; continue; fi
        builtin trap -- 'case \${FUNCNAME-}/$BASH_COMMAND in *__oh_* | trap/*) ;; *)
'"$1"'
;; esac' "$__oh_signal" || __oh_failed=1 ;;
      *) builtin trap -- "$1" "$__oh_signal" || __oh_failed=1 ;;
    esac
  done
  return $__oh_failed
}
`;

const terminalSetup = `stty -echo cols ${screenColumns} rows ${screenRows}`;

const pipeSetup = `exec {__oh_out}>&1`;
