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

/** A sequence that has begun and is not complete: one with parameters, a string up to its end, one of two characters. */
const begunSequence = new RegExp(
  `^${escape}(?:\\[[0-?]*[ -/]*|\\][^\\x07\\x18\\x1a\\x9c]*|[PX^_][^\\x18\\x1a\\x9c]*|[ -/]*)$`,
);
const strings = new RegExp(`^${escape}[\\]PX^_]`);
/** Characters of one string, such as a picture, after which it is broken: one without an end would not let anybody ask. */
const longestString = 8 * 1024 * 1024;
/** Characters that are kept of one with parameters; none is as long. */
const longestSequence = 256;

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
  /** How a sequence begins that goes on in what comes next; empty where none does. */
  #open = '';
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

  /** Whether it may have more. Within a sequence of any length, such as a picture, it cannot be asked, nor wait for an answer. */
  get isReady(): boolean {
    return this.undrawn < this.most || this.#asked.length === 0;
  }

  /**
   * Counts what it is given.
   *
   * @returns that, with the question in it, if one is due: behind it, but never within a sequence, which would be broken
   */
  given(text: string, isReplay: boolean): string {
    const at = this.#placeIn(text);
    this.#sinceQuestion += at ?? text.length;
    if (at === undefined || (!isReplay && this.#sinceQuestion < this.piece)) {
      if (at !== undefined) this.#sinceQuestion += text.length - at;
      return text;
    }
    const mode = firstMode + (this.#count++ % modes);
    this.#asked.push({ mode, characters: this.#sinceQuestion, isReplay, askedMs: performance.now() });
    this.#sinceQuestion = text.length - at;
    return `${text.slice(0, at)}${escape}[?${mode}$p${text.slice(at)}`;
  }

  /** It was given something else, whose sequences are whole. */
  interrupted(): void {
    this.#open = '';
  }

  /** @returns the last place that is not within a sequence; undefined if there is none */
  #placeIn(text: string): number | undefined {
    const at = text.lastIndexOf(escape);
    const last = at < 0 ? this.#open + text : text.slice(at);
    const begun = begunSequence.exec(last)?.[0] ?? '';
    this.#open = strings.test(begun) ? begun.slice(0, 2) : begun.slice(0, longestSequence);
    if (begun === '') return text.length;
    if (at >= 0) return at;
    if (this.#sinceQuestion < longestString) return undefined;
    this.#open = '';
    return text.length;
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
