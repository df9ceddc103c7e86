/*
 * The shell that a person gets once a new one is set up: bash, where the devbox has it. Code for any POSIX shell, in which is neither
 * a single quote nor a backslash that some shell would read in a way of its own.
 */

/**
 * What bash reads instead of its start file: that, and then it goes back to the folder that was asked for. It is text of our own,
 * in which no name is; the names of files go by variables.
 */
const startFile = [
  'rm -f -- "$BASH_SOURCE"',
  '_asked_for=$PWD',
  '[ -r ~/.bashrc ] && . ~/.bashrc',
  // Also where the start file has it tell what it does.
  '{ [ "$PWD" = "$_asked_for" ] || \\builtin cd -- "$_asked_for"; unset _asked_for; } 2>/dev/null',
  '',
].join('\n');

/** Words that start the shell, with the variables that recorded shells have; in double quotes they are one word each. */
export interface ShellToRecord {
  /** Makes what it needs in the folder `$D` before. */
  readonly prepared: string;
  /** To be run by a shell. */
  readonly start: string;
}

/**
 * Code that goes on with the shell, and never returns.
 *
 * @param options.isInFolder it is to stay where it begins, wherever its start file goes
 * @param options.recorded gives code that goes on with a shell and records it; where that cannot be, it does nothing
 * @param options.ready code that is run right before the first byte of one that is not recorded
 */
export function innerShell({
  isInFolder,
  recorded,
  ready,
}: {
  readonly isInFolder: boolean;
  readonly recorded: (shell: ShellToRecord) => string;
  readonly ready: string;
}): readonly string[] {
  const which = 'B=sh; command -v bash >/dev/null && B=bash';
  if (!isInFolder) return [which, recorded({ prepared: ':', start: 'exec $B -i' }), ready, 'exec $B -i'];
  const into = (file: string): string => `[ $B = bash ] && ${printed(startFile)} >${file}`;
  return [
    which,
    recorded({
      prepared: `R=; ${into('"$D/rc"')} && R="--rcfile $F/rc"`,
      start: 'exec $B $R -i',
    }),
    ready,
    // Without room for it, it is bash as it always is.
    `R=$(mktemp) && { ${into('"$R"')} && exec bash --rcfile "$R" -i; rm -f "$R"; }`,
    'exec $B -i',
  ];
}

/** Code that prints a text that may come from elsewhere, in letters that every shell reads alike. No name has a zero byte in it. */
export function printed(text: string): string {
  const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;
  const bytes = Buffer.from(text.replaceAll('\0', ''));
  return `"printf" "${Array.from(bytes, (byte) => (/[\w/. :=~-]/.test(String.fromCodePoint(byte)) ? String.fromCodePoint(byte) : octal(byte))).join('')}"`;
}
