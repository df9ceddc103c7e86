const escape = '\u001b';
/** A question that every terminal answers in its turn (DECRQM of modes that nobody has), and its answer. */
const firstMode = 7_700;
const modes = 100;
const answer = new RegExp(`${escape}\\[\\?(77\\d\\d);\\d\\$y`, 'g');

/** Characters that the terminal may have before it has drawn them, at the least and the most. */
const leastUndrawn = 8 * 1024;
const mostUndrawn = 512 * 1024;
/** Milliseconds that it may take to draw these: keys wait for as long. */
const drawMs = 200;

interface Question {
  readonly mode: number;
  /** Characters before it, since the last one. */
  readonly characters: number;
  readonly isReplay: boolean;
  readonly askedMs: number;
}

/**
 * How far a terminal is with drawing, by questions between what it is given, and how much it may have at a time: a terminal
 * that is shown draws megabytes a second of long lines, and a hundredth of it where the computer is slow and lines are short.
 */
export class Drawing {
  readonly #asked: Question[] = [];
  #count = 0;
  #sinceQuestion = 0;
  #lastAnswerMs = 0;
  /** Characters in a millisecond; what is assumed first is changed with each answer. */
  #speed = 160;
  /** It answers, though perhaps slowly. */
  #hasAnswered = false;

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** True while it draws what was printed earlier. */
  get isReplaying(): boolean {
    return this.#asked.some(({ isReplay }) => isReplay);
  }

  get undrawn(): number {
    return this.#asked.reduce((sum, { characters }) => sum + characters, this.#sinceQuestion);
  }

  /** Characters that it may have at a time. */
  get most(): number {
    return Math.min(Math.max(Math.round(this.#speed * drawMs), leastUndrawn), mostUndrawn);
  }

  /** Characters between two questions, and in one piece. */
  get piece(): number {
    return Math.round(this.most / 4);
  }

  /** Counts what it is given. @returns the question to be put behind it, if one is due */
  given(characters: number, isReplay: boolean): string {
    this.#sinceQuestion += characters;
    if (!isReplay && this.#sinceQuestion < this.piece) return '';
    const mode = firstMode + (this.#count++ % modes);
    this.#asked.push({ mode, characters: this.#sinceQuestion, isReplay, askedMs: performance.now() });
    this.#sinceQuestion = 0;
    return `${escape}[?${mode}$p`;
  }

  /** Takes the answers out of what the terminal has typed. */
  withoutAnswers(input: string): string {
    return input.replace(answer, (_, mode: string) => {
      this.#answered(Number(mode));
      return '';
    });
  }

  /** It has not answered for long: what it was given counts as drawn. */
  giveUp(): void {
    this.#asked.splice(0);
    this.#sinceQuestion = 0;
  }

  #answered(mode: number): void {
    this.#hasAnswered = true;
    const at = this.#asked.findIndex((question) => question.mode === mode);
    const question = this.#asked[at];
    // One that was given up.
    if (question === undefined) return;
    const now = performance.now();
    const characters = this.#asked.splice(0, at + 1).reduce((sum, asked) => sum + asked.characters, 0);
    const ms = Math.max(now - Math.max(question.askedMs, this.#lastAnswerMs), 1);
    this.#lastAnswerMs = now;
    // A few characters tell nothing but how long an answer is on its way.
    if (characters >= leastUndrawn / 4) this.#speed = (this.#speed + characters / ms) / 2;
  }
}
