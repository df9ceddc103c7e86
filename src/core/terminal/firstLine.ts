import { randomBytes } from 'node:crypto';
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
  readonly #ends: readonly { readonly word: Buffer; readonly isRecorded: boolean }[];
  #held: Buffer = Buffer.alloc(0);

  /**
   * @param name of the session
   * @param folder where the shell begins; its home if undefined, or if there is no such folder
   * @param isKept the shell stays the one that it is, without a recording
   */
  constructor(name: string, folder: string | undefined, isKept = false) {
    const word = randomBytes(12).toString('hex');
    this.#ends = [
      { word: Buffer.from(`${word}r\r\n`), isRecorded: true },
      { word: Buffer.from(`${word}p\r\n`), isRecorded: false },
    ];
    // In two pieces, so that the line's own echo is not taken for its output.
    const echo = (end: string): string => `echo ${word.slice(0, 12)}""${word.slice(12)}${end}`;
    if (isKept) {
      this.line = ` ${[forget, 'export COLORTERM=truecolor', ...(folder === undefined ? [] : [within(folder)]), echo('p')].join('; ')}\r`;
      return;
    }
    const script = [
      // For a start file that turns only the first shell into another one, that one is the first again.
      'unset HISTFILE; export COLORTERM=truecolor SHLVL=0',
      ...(folder === undefined ? [] : [inFolder(folder)]),
      recordedShell(name, echo('r')),
      echo('p'),
      'exec bash -i',
    ];
    // In quotes that bash, zsh, fish and others read alike, for a shell that is known. The line is none of the person's: most
    // shells leave out of their history what has a blank in front, and bash and zsh have none to write it to.
    this.line = ` HISTFILE= exec sh -c '${script.join('; ')}'\r`;
  }

  /** What has come and is held back. */
  get printed(): string {
    return this.#held.toString('latin1');
  }

  /** Takes output. @returns undefined while the line was not taken */
  take(bytes: Buffer): Taken | undefined {
    this.#held = Buffer.concat([this.#held, bytes]);
    for (const { word, isRecorded } of this.#ends) {
      const at = this.#held.indexOf(word);
      if (at >= 0) return { rest: this.#held.subarray(at + word.length), isRecorded };
    }
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

/** Takes a line out of bash's history again where one with a blank in front is kept. */
const forget = 'case "$HISTCONTROL" in *space*|*both*) ;; *) history -d -1;; esac 2>/dev/null';

/** Goes to a folder in a shell of which nothing else is to be changed. */
function within(folder: string): string {
  return `cd -- "$(${printing(folder)})" 2>/dev/null`;
}

/** Goes to a folder, if there is one. */
function inFolder(folder: string): string {
  // What is put out loses newlines at its end, which a name may have.
  return `d=$(${printing(folder)}; echo x); cd -- "\${d%x}" 2>/dev/null`;
}

/** Prints a name that may come from elsewhere. No name has a zero byte in it. */
function printing(name: string): string {
  return `echo ${Buffer.from(name.replaceAll('\0', '')).toString('base64')} | base64 -d`;
}
