import { randomBytes } from 'node:crypto';
import { shellQuote } from '../actionServer/startupCommand';

/** Characters that are held back at the most while the shell takes its first line. */
const mostHeld = 256 * 1024;

/**
 * The first line of a new shell, which the person does not see: true colour, and the folder to begin in. What the shell
 * prints until it has taken it (its greeting, a prompt, the line's echo) is held back.
 */
export class FirstLine {
  /** To be typed into the shell. */
  readonly line: string;
  readonly #end: string;
  #held = '';

  /** @param folder where the shell begins; its home if undefined, or if there is no such folder */
  constructor(folder: string | undefined) {
    const word = randomBytes(12).toString('hex');
    const steps = [
      'export COLORTERM=truecolor',
      ...(folder === undefined ? [] : [`cd -- ${shellQuote(folder)} 2>/dev/null`]),
      // In two pieces, so that the line's own echo is not taken for its output.
      `printf '%s\\n' ${word.slice(0, 12)}''${word.slice(12)}`,
    ];
    // A blank first: such lines stay out of the history of most shells.
    this.line = ` ${steps.join('; ')}\r`;
    this.#end = word;
  }

  /**
   * Takes output.
   *
   * @returns undefined while the line was not taken; then what is to be shown
   */
  take(text: string): string | undefined {
    this.#held += text;
    const at = this.#held.indexOf(this.#end);
    if (at >= 0) return this.#held.slice(at + this.#end.length).replace(/^\r?\n/, '');
    return this.#held.length > mostHeld ? this.giveUp() : undefined;
  }

  /** What was held back, for a shell that does not take the line as others do. */
  giveUp(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}
