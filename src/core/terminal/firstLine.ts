import { randomBytes } from 'node:crypto';
import { innerShell, printed } from './innerShell';
import { recordedShell } from './recording';

/** Bytes that are held back at the most while the shell takes its first line. */
const mostHeld = 256 * 1024;

/** What a new shell made of its first line. */
export interface Taken {
  /** What is to be shown; nothing of what came before. */
  readonly rest: Buffer;
  /** Whether what it prints from here on is recorded in the devbox. */
  readonly isRecorded: boolean;
}

/**
 * The first line of a new shell, which the person does not see: true colour, the folder to begin in, and a recording of what
 * it prints, where the devbox has what that takes. What the shell prints until it has taken the line (its greeting, a prompt,
 * the line's echo) is held back.
 */
export class FirstLine {
  /** To be typed into the shell. */
  readonly line: string;
  /** The shell stays the one that it is. */
  readonly isKept: boolean;
  readonly #word: string;
  #held: Buffer = Buffer.alloc(0);

  /**
   * @param name of the session
   * @param folder where the shell begins; its home if undefined, or if there is no such folder
   * @param kept the shell stays the one that it is, without a recording; `again`: it has not taken the first line
   */
  constructor(name: string, folder: string | undefined, kept?: 'kept' | 'again') {
    const word = randomBytes(12).toString('hex');
    this.#word = word;
    this.isKept = kept !== undefined;
    // In two pieces, so that the line's own echo is not taken for its output.
    const echo = (end: string): string => `echo ${word.slice(0, 12)}""${word.slice(12)}${end}`;
    if (kept !== undefined) {
      this.line = ` ${[forgetting(kept === 'again' ? 2 : 1), 'export COLORTERM=truecolor', ...(folder === undefined ? [] : [within(folder)]), echo('p')].join('; ')}\r`;
      return;
    }
    const script = [
      // For a start file that turns only the first shell into another one, that one is the first again.
      'unset HISTFILE; export COLORTERM=truecolor SHLVL=0',
      ...(folder === undefined ? [] : [inFolder(folder)]),
      ...innerShell({
        isInFolder: folder !== undefined,
        recorded: (shell) => recordedShell(name, echo('r'), shell),
        ready: echo('p'),
      }),
    ];
    // In quotes that bash, zsh, fish and others read alike, for a shell that is known. The line is none of the person's: most
    // shells leave out of their history what has a blank in front, and bash and zsh have none to write it to. What is in quotes
    // is no alias; fish has no `unset`, and no functions of such names.
    this.line = ` "unset" -f "exec" 2>/dev/null || :; HISTFILE= "exec" sh -c '${script.join('; ')}'; "${echo('b').replace(' ', '" ')}\r`;
  }

  /** Whether the shell has taken the line and is there all the same: something goes before what was to go on with it. */
  get isBack(): boolean {
    return new RegExp(`${this.#word}b\\r?\\n`).test(this.printed);
  }

  /** What has come and is held back. */
  get printed(): string {
    return this.#held.toString('latin1');
  }

  /** Takes output. @returns undefined while the line was not taken */
  take(bytes: Buffer): Taken | undefined {
    this.#held = Buffer.concat([this.#held, bytes]);
    // A terminal that is raw ends its lines with less.
    const end = new RegExp(`${this.#word}([rp])\\r?\\n`).exec(this.printed);
    if (end !== null) return { rest: this.#held.subarray(end.index + end[0].length), isRecorded: end[1] === 'r' };
    return this.#held.length > mostHeld ? this.giveUp() : undefined;
  }

  /** What was held back, for a shell that does not take the line as others do. */
  giveUp(): Taken {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    // Where the shell has not come as far as to take it, the terminal has written it out as it was typed.
    const echo = Buffer.from(this.line.slice(0, -1));
    const at = rest.indexOf(echo);
    const shown = at < 0 ? rest : Buffer.concat([rest.subarray(0, at), rest.subarray(at + echo.length)]);
    return { rest: shown, isRecorded: false };
  }
}

/** Takes the latest lines out of bash's history again where those with a blank in front are kept. */
function forgetting(lines: number): string {
  const each = Array<string>(lines).fill('history -d -1').join('; ');
  return `case "$HISTCONTROL" in *space*|*both*) ;; *) ${each};; esac 2>/dev/null`;
}

/** Goes to a folder in a shell of which nothing else is to be changed. */
function within(folder: string): string {
  return `cd -- "$(${printed(folder)})" 2>/dev/null`;
}

/** Goes to a folder, if there is one. */
function inFolder(folder: string): string {
  // What is put out loses newlines at its end, which a name may have.
  return `d=$(${printed(folder)}; echo x); cd -- "\${d%x}" 2>/dev/null`;
}
