const escape = '\u001b';
/** Characters that the terminal may have before it has drawn them; beyond, the program in the devbox has to wait. */
const mostUndrawn = 512 * 1024;
/** Characters between two questions. */
const questionEvery = 128 * 1024;
/** Milliseconds that an answer may take: a terminal that nobody sees may give none. */
const answerMs = 1_000;
/** A question that every terminal answers in its turn (DECRQM of a mode that nobody has), and its answer. */
const question = '\u001b[?7777$p';
const answer = new RegExp(`${escape}\\[\\?7777;\\d\\$y`, 'g');

interface PacedTerminal {
  readonly write: (text: string) => void;
  /** Output is to wait, and may come again. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/**
 * Gives a terminal its output no faster than it draws. The editor takes whatever it is given, and keys would queue behind it:
 * the terminal itself is asked, in between, how far it is.
 */
export class Pacing {
  readonly #terminal: PacedTerminal;
  /** Characters behind each question that was not answered yet. */
  readonly #asked: number[] = [];
  #sinceQuestion = 0;
  #isPaused = false;
  #replaying = 0;
  #impatience: NodeJS.Timeout | undefined;

  constructor(terminal: PacedTerminal) {
    this.#terminal = terminal;
  }

  /** True while the terminal draws what was printed earlier. */
  get isReplaying(): boolean {
    return this.#replaying > 0;
  }

  /** @param isReplay it was printed earlier */
  show(text: string, isReplay = false): void {
    if (isReplay) {
      this.#replay(text);
      return;
    }
    this.#terminal.write(text);
    this.#sinceQuestion += text.length;
    if (this.#sinceQuestion < questionEvery) return;
    this.#terminal.write(question);
    this.#asked.push(this.#sinceQuestion);
    this.#sinceQuestion = 0;
    if (this.#undrawn() < mostUndrawn || this.#isPaused) return;
    this.#isPaused = true;
    this.#terminal.pause();
    this.#impatience = setTimeout(() => this.#drawn(this.#asked.length), answerMs);
  }

  /** What a person or a program's own question has typed, without the answers to ours. */
  withoutAnswers(input: string): string {
    const answers = input.match(answer)?.length ?? 0;
    if (answers === 0) return input;
    this.#drawn(answers);
    return input.replace(answer, '');
  }

  #replay(text: string): void {
    this.#terminal.write(text + question);
    this.#replaying += 1;
    this.#asked.push(text.length);
    const timer = setTimeout(() => (this.#replaying = 0), answerMs);
    timer.unref();
  }

  dispose(): void {
    clearTimeout(this.#impatience);
  }

  #undrawn(): number {
    return this.#asked.reduce((sum, characters) => sum + characters, 0);
  }

  #drawn(answers: number): void {
    this.#asked.splice(0, answers);
    this.#replaying = Math.max(0, this.#replaying - answers);
    if (!this.#isPaused || this.#undrawn() >= mostUndrawn) return;
    clearTimeout(this.#impatience);
    this.#isPaused = false;
    this.#terminal.resume();
  }
}
