import { l10n } from 'vscode';
import { Drawing } from './drawing';

const escape = '\u001b';
/** Milliseconds that an answer may take of a terminal that has answered before, and of one that has not: it may never do so. */
const answerMs = 15_000;
const firstAnswerMs = 1_000;

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

interface Waiting {
  readonly text: string;
  readonly isReplay: boolean;
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
  readonly #drawing = new Drawing();
  /** What has come and was not given to it yet. */
  readonly #waiting: Waiting[] = [];
  #isPaused = false;
  #impatience: NodeJS.Timeout | undefined;
  #skipping: Skipping | undefined;

  constructor(terminal: PacedTerminal) {
    this.#terminal = terminal;
  }

  /** True while the terminal draws what was printed earlier, or is about to. */
  get isReplaying(): boolean {
    return this.#drawing.isReplaying || this.#waiting.some(({ isReplay }) => isReplay);
  }

  /** @param isReplay it was printed earlier */
  show(text: string, isReplay = false): void {
    if (this.#skipping !== undefined && !isReplay) {
      this.#skip(this.#skipping, text);
      return;
    }
    this.#waiting.push({ text, isReplay });
    this.#give();
  }

  /**
   * Somebody interrupts what runs. Of a flood, megabytes are on their way by then, which would take seconds to draw: only
   * their end is drawn, as a terminal of this computer drops what waits in it.
   */
  interrupt(): void {
    if (this.#skipping !== undefined || this.isReplaying) return;
    if (this.#waiting.length === 0 && this.#drawing.undrawn < this.#drawing.piece) return;
    this.#skipping = { text: '', switches: '', left: 0, timer: undefined, untilMs: Date.now() + longestSkipMs };
    const waiting = this.#waiting.splice(0).map(({ text }) => text);
    this.#skip(this.#skipping, waiting.join(''));
    this.#resume();
  }

  /** What a person or a program's own question has typed, without the answers to ours. */
  withoutAnswers(input: string): string {
    const rest = this.#drawing.withoutAnswers(input);
    if (rest.length < input.length) this.#give();
    return rest;
  }

  /** Says something of ours, behind all that has come, which does not wait any longer. */
  print(text: string): void {
    if (this.#skipping !== undefined) {
      clearTimeout(this.#skipping.timer);
      this.#skipped(this.#skipping);
    }
    for (const waiting of this.#waiting.splice(0)) this.#write(waiting.text, waiting.isReplay);
    this.#terminal.write(text);
    this.#drawing.interrupted();
    this.#resume();
    this.#wait();
  }

  dispose(): void {
    clearTimeout(this.#impatience);
    clearTimeout(this.#skipping?.timer);
  }

  /** Gives it what it may have. */
  #give(): void {
    clearTimeout(this.#impatience);
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#drawing.isReady) break;
      const { text, isReplay } = next;
      const length = pieceLength(text, this.#drawing.piece);
      if (length < text.length) this.#waiting[0] = { text: text.slice(length), isReplay };
      else this.#waiting.shift();
      this.#write(text.slice(0, length), isReplay);
    }
    if (this.#waiting.length === 0) {
      this.#resume();
    } else if (!this.#isPaused) {
      this.#isPaused = true;
      this.#terminal.pause();
    }
    this.#wait();
  }

  #write(text: string, isReplay: boolean): void {
    this.#terminal.write(this.#drawing.given(text, isReplay));
  }

  /** A terminal may not answer at all. */
  #wait(): void {
    if (this.#waiting.length === 0 && !this.#drawing.isReplaying) return;
    const giveUp = (): void => {
      this.#drawing.giveUp();
      this.#give();
    };
    // What it answers to programs of earlier must not reach those of now, however slow it is.
    const { hasAnswered, isReplaying } = this.#drawing;
    this.#impatience = setTimeout(giveUp, hasAnswered || isReplaying ? answerMs : firstAnswerMs);
    this.#impatience.unref();
  }

  #resume(): void {
    clearTimeout(this.#impatience);
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#terminal.resume();
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
    const said = left === 0 ? '' : l10n.t('… {0} characters are not shown.', left);
    this.show(said === '' ? text : `${switches}${escape}[0m\r\n${escape}[2m${said}${escape}[0m\r\n${text}`);
  }
}

/** The length of a first piece, which does not split a character. */
function pieceLength(text: string, most: number): number {
  if (text.length <= most) return text.length;
  const last = text.charCodeAt(most - 1);
  return last >= 0xd800 && last < 0xdc00 ? most - 1 : most;
}
