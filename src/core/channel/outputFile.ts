import { randomUUID } from 'node:crypto';

/** Characters of base64 that come with the answer, by fours: what is small costs no further request, and no more than a third. */
const mostAnswered = 16 * 1024;
/** What stands behind them where the rest is in a file, and where it could not be written. */
const marks = { file: '.', noRoom: '!' } as const;

/** A file in a devbox for what a command prints beyond what its answer holds. */
export interface OutputFile {
  readonly path: string;
  /** `rl_part`, which prints the beginning of its input, base64, and writes the rest as bytes into the file. */
  readonly script: string;
}

/**
 * A file of a name that nobody in the devbox can know before. Those of windows that ended before they could take them away go with it.
 *
 * @param most bytes that are of use: one more is written, which tells that there are too many, and what prints them ends
 */
export function outputFile(most: number): OutputFile {
  const path = `/tmp/.runloop-devboxes-${randomUUID()}`;
  return {
    path,
    script: `rl_part() {
IFS= read -r -N ${mostAnswered} rl_a; printf %s "$rl_a"; IFS= read -r -N 1 rl_a || return 0
find /tmp -maxdepth 1 -type f -name '.runloop-devboxes-*' -user "$EUID" -mmin +1440 -exec rm -f -- {} +
umask 077; set -C
if { printf %s "$rl_a"; cat; } | base64 -d | head -c ${most + 1} > ${path}; then printf ${marks.file}; else rm -f -- ${path}; printf '${marks.noRoom}'; fi
} 2>/dev/null`,
  };
}

/** What an answer holds, and where the rest is: nowhere if that is all, in the file, or in none as it found no room. */
export function answered(text: string): { readonly text: string; readonly rest: 'none' | 'file' | 'no room' } {
  const mark = text.at(-1);
  const rest = mark === marks.file ? 'file' : mark === marks.noRoom ? 'no room' : 'none';
  return { text: rest === 'none' ? text : text.slice(0, -1), rest };
}
