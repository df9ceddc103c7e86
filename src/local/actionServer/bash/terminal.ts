import { scanEscape, type EscapeSequence } from './escapeSequences';
import { screenColumns, screenRows } from './screenSize';
import { answerTo } from './terminalAnswers';

/** Lines kept above the cursor; older ones are forgotten. */
const historyLines = 10_000;
/** An unfinished escape sequence longer than this is dropped. */
const longestSequence = 131_072;
/** A line longer than this loses its beginning, so that endless output without line ends cannot fill the memory. */
const longestLine = 4_000_000;

/** Text that came onto the terminal since the last time somebody asked. */
export interface TerminalText {
  readonly text: string;
  /** True when older text was lost because there was more than the history holds, or the screen was cleared. */
  readonly truncated: boolean;
}

/**
 * Turns a stream of terminal output into the text that a person would see: colours gone, carriage returns, backspaces
 * and cursor movements applied, tabs expanded.
 */
export class Terminal {
  #lines: string[] = [''];
  #row = 0;
  #column = 0;
  #pending = '';
  #truncated = false;
  /** Up to where text was taken: a row, and what that row held by then. */
  #takenRow = 0;
  #takenText = '';
  #saved: { lines: string[]; row: number; column: number } | null = null;
  readonly #onOsc: (text: string) => void;
  readonly #answer: (text: string) => void;

  /**
   * @param onOsc called for each operating system command in the stream, in order with the text around it
   * @param answer gets what the terminal says to a program that asks it
   */
  constructor(onOsc: (text: string) => void, answer: (text: string) => void = () => undefined) {
    this.#onOsc = onOsc;
    this.#answer = answer;
  }

  /** Applies the next piece of output. */
  write(chunk: string): void {
    const text = this.#pending + chunk;
    this.#pending = '';
    let at = 0;
    while (at < text.length) {
      const end = nextControl(text, at);
      if (end > at) this.#print(text.slice(at, end));
      if (end === text.length) return;
      const control = text.charAt(end);
      if (control !== '\u001b') {
        this.#control(control);
        at = end + 1;
        continue;
      }
      const found = scanEscape(text, end);
      if (found === 'incomplete') {
        if (text.length - end < longestSequence) this.#pending = text.slice(end);
        return;
      }
      this.#apply(found.sequence);
      at = found.next;
    }
  }

  /** The text since the last call (or `clear`). */
  take(): TerminalText {
    if (this.#lines.length > historyLines) this.#forget(this.#lines.length - historyLines);
    const first = this.#lines[this.#takenRow] ?? '';
    // A row that was redrawn since (a progress bar) is given again as a whole.
    const rest = first.startsWith(this.#takenText) ? first.slice(this.#takenText.length) : first;
    const text = [rest, ...this.#lines.slice(this.#takenRow + 1)].join('\n');
    const truncated = this.#truncated;
    this.#truncated = false;
    this.#takenRow = this.#lines.length - 1;
    this.#takenText = this.#lines[this.#takenRow] ?? '';
    return { text, truncated };
  }

  /** Forgets everything. */
  clear(): void {
    this.#lines = [''];
    this.#row = 0;
    this.#column = 0;
    this.#takenRow = 0;
    this.#takenText = '';
    this.#truncated = false;
    this.#saved = null;
  }

  #print(text: string): void {
    const line = this.#lines[this.#row] ?? '';
    if (this.#column === line.length) {
      this.#setLine(line + text);
    } else {
      this.#setLine(line.slice(0, this.#column).padEnd(this.#column) + text + line.slice(this.#column + text.length));
    }
    this.#column += text.length;
    if (this.#column > longestLine) this.#shortenLine();
  }

  #shortenLine(): void {
    const half = longestLine / 2;
    this.#setLine((this.#lines[this.#row] ?? '').slice(half));
    this.#column = Math.max(0, this.#column - half);
    if (this.#takenRow === this.#row) this.#takenText = this.#takenText.slice(half);
    this.#truncated = true;
  }

  #setLine(text: string): void {
    this.#lines[this.#row] = text;
  }

  #control(control: string): void {
    if (control === '\r') this.#column = 0;
    else if (control === '\n' || control === '\v' || control === '\f') this.#newLine();
    else if (control === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (control === '\t') this.#tab();
  }

  #newLine(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row < this.#lines.length) return;
    this.#lines.push('');
    // In steps, because removing from the front moves all the rest.
    if (this.#lines.length > historyLines + 1000) this.#forget(this.#lines.length - historyLines);
  }

  #forget(count: number): void {
    this.#lines.splice(0, count);
    this.#row = Math.max(0, this.#row - count);
    if (count > this.#takenRow) {
      this.#truncated = true;
      this.#takenText = '';
    }
    this.#takenRow = Math.max(0, this.#takenRow - count);
  }

  #tab(): void {
    this.#column = this.#column - (this.#column % 8) + 8;
    const line = this.#lines[this.#row] ?? '';
    if (line.length < this.#column) this.#setLine(line.padEnd(this.#column));
  }

  #apply(sequence: EscapeSequence): void {
    if (sequence.kind === 'osc') this.#onOsc(sequence.text);
    else if (sequence.kind === 'csi') this.#csi(sequence.final, sequence.parameters);
    else if (sequence.kind === 'single' && sequence.final === 'c') this.#clearScreen();
    else if (sequence.kind === 'single' && sequence.final === 'M') this.#moveRow(-1);
  }

  #csi(final: string, parameters: string): void {
    const answer = answerTo(final, parameters, () => ({
      row: this.#row - this.#screenTop() + 1,
      column: this.#column + 1,
    }));
    if (answer !== undefined) {
      this.#answer(answer);
      return;
    }
    const numbers = parameters.split(';').map((part) => Number.parseInt(part, 10));
    const first = numbers[0] ?? Number.NaN;
    const count = Number.isNaN(first) ? 1 : Math.min(Math.max(first, 1), screenColumns);
    if (final === 'A') {
      this.#moveRow(-count);
    } else if (final === 'B') {
      this.#moveRow(count);
    } else if (final === 'C') {
      this.#column += count;
    } else if (final === 'D') {
      this.#column = Math.max(0, this.#column - count);
    } else if (final === 'E' || final === 'F') {
      this.#moveRow(final === 'E' ? count : -count);
      this.#column = 0;
    } else if (final === 'G') {
      this.#column = count - 1;
    } else if (final === 'd') {
      this.#moveTo(count - 1);
    } else if (final === 'H' || final === 'f') {
      this.#moveTo(count - 1);
      this.#column = Math.min(Math.max(numbers[1] ?? 1, 1) || 1, screenColumns) - 1;
    } else if (final === 'K') {
      this.#eraseInLine(Number.isNaN(first) ? 0 : first);
    } else if (final === 'J') {
      this.#eraseInScreen(Number.isNaN(first) ? 0 : first);
    } else if (final === 'P') {
      const line = this.#lines[this.#row] ?? '';
      this.#setLine(line.slice(0, this.#column) + line.slice(this.#column + count));
    } else if ((final === 'h' || final === 'l') && /^\?(1049|1047|47)$/.test(parameters)) {
      this.#alternateScreen(final === 'h');
    }
  }

  #screenTop(): number {
    return Math.max(0, this.#lines.length - screenRows);
  }

  #moveRow(by: number): void {
    this.#moveTo(this.#row + by - this.#screenTop());
  }

  /** @param screenRow counted from the top of the screen, from 0 */
  #moveTo(screenRow: number): void {
    this.#row = this.#screenTop() + Math.min(Math.max(screenRow, 0), screenRows - 1);
    while (this.#lines.length <= this.#row) this.#lines.push('');
  }

  #eraseInLine(mode: number): void {
    const line = this.#lines[this.#row] ?? '';
    if (mode === 0) this.#setLine(line.slice(0, this.#column));
    else if (mode === 1) this.#setLine(' '.repeat(this.#column) + line.slice(this.#column));
    else this.#setLine('');
  }

  #eraseInScreen(mode: number): void {
    if (mode === 0) {
      this.#eraseInLine(0);
      this.#lines.length = this.#row + 1;
    } else if (mode === 2 || mode === 3) {
      this.#clearScreen();
    }
  }

  #clearScreen(): void {
    const hadText = this.#lines.some((line) => line !== '');
    const saved = this.#saved;
    this.clear();
    this.#saved = saved;
    this.#truncated = hadText && saved === null;
  }

  /** Full-screen programs draw on a screen of their own; when they leave, what was there before comes back. */
  #alternateScreen(enter: boolean): void {
    if (enter && this.#saved === null) {
      this.#saved = { lines: [...this.#lines], row: this.#row, column: this.#column };
    } else if (!enter && this.#saved !== null) {
      const { lines, row, column } = this.#saved;
      this.#saved = null;
      this.#lines = lines;
      this.#row = row;
      this.#column = column;
      this.#takenRow = Math.min(this.#takenRow, lines.length - 1);
    }
  }
}

/** Index of the next control character at or after `from`; the text's length when there is none. */
function nextControl(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return at;
  }
  return text.length;
}

/** Two pieces of output, the second on a line of its own. */
export function joinTexts(first: TerminalText, second: TerminalText): TerminalText {
  const separator = first.text.trim() === '' ? '' : '\n';
  const text = separator === '' ? second.text : first.text.trimEnd() + separator + second.text;
  return { text, truncated: first.truncated || second.truncated };
}
