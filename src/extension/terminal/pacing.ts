import { l10n } from 'vscode';

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

/** Characters of what was on its way that are drawn of a flood which somebody has interrupted: its end. */
const shownOfFlood = 16 * 1024;
/** Milliseconds without output after which all that was on its way has come, and for which it is waited at the most. */
const restMs = 150;
const longestSkipMs = 2_000;
/** What switches a terminal for good, such as to its other screen. */
const modes = new RegExp(`${escape}\\[\\?[\\d;]+[hl]`, 'g');

/** What came since a flood was interrupted. */
interface Skipping {
  text: string;
  switches: string;
  /** Characters that are not drawn. */
  left: number;
  timer: NodeJS.Timeout | undefined;
  readonly untilMs: number;
}

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
  #skipping: Skipping | undefined;

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
    if (this.#skipping !== undefined) {
      this.#skip(this.#skipping, text);
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

  /**
   * Somebody interrupts what runs. Of a flood, megabytes are on their way by then, which would take seconds to draw: only
   * their end is drawn, as a terminal of this computer drops what waits in it.
   */
  interrupt(): void {
    if (this.#skipping !== undefined || (!this.#isPaused && this.#undrawn() < questionEvery)) return;
    this.#skipping = { text: '', switches: '', left: 0, timer: undefined, untilMs: Date.now() + longestSkipMs };
    this.#skip(this.#skipping, '');
    clearTimeout(this.#impatience);
    this.#isPaused = false;
    this.#terminal.resume();
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
    clearTimeout(this.#skipping?.timer);
  }

  #skip(skipping: Skipping, text: string): void {
    skipping.text += text;
    if (skipping.text.length > 2 * shownOfFlood) {
      // From the beginning of a line on, so that nothing of an escape sequence is left.
      const from = skipping.text.indexOf('\n', skipping.text.length - shownOfFlood) + 1 || skipping.text.length;
      const dropped = skipping.text.slice(0, from);
      skipping.switches += (dropped.match(modes) ?? []).join('');
      skipping.left += dropped.length;
      skipping.text = skipping.text.slice(from);
    }
    clearTimeout(skipping.timer);
    const waitMs = Math.min(restMs, skipping.untilMs - Date.now());
    if (waitMs > 0) skipping.timer = setTimeout(() => this.#skipped(skipping), waitMs);
    else this.#skipped(skipping);
  }

  #skipped({ text, switches, left }: Skipping): void {
    this.#skipping = undefined;
    const said = left === 0 ? '' : l10n.t('… {0} characters were not drawn.', left);
    this.show(said === '' ? text : `${switches}${escape}[0m\r\n${escape}[2m${said}${escape}[0m\r\n${text}`);
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
