import { setTimeout as sleep } from 'node:timers/promises';
import { FirstLine } from './firstLine';
import { maybeAsks, waitsForCommand } from './firstPrompt';
import type { ShownOutput } from './shownOutput';

/** Milliseconds between two looks whether the shell waits for a command: also what it must have printed nothing for. */
const stepMs = 50;
/** Looks after which the terminal's size is changed for a moment: a prompt may have come before anybody was connected. */
const redrawAt: readonly number[] = [0, 6, 14, 30, 60];
/** Looks without anything printed after which what looks like a question is shown. */
const asksAfter = 24;
/** Looks that a shell may take in all. */
const mostLooks = 100;
/** Looks that a shell has to take its first line. */
const firstLineLooks = 100;
/** Characters that are looked at. */
const lookedAt = 4_096;

export interface ShellSetUpOptions {
  readonly shown: ShownOutput;
  readonly name: string;
  readonly folder: string | undefined;
  /** Sends keys to the shell. */
  readonly send: (text: string) => void;
  /** Has what runs in the terminal draw itself anew. */
  readonly redraw: () => void;
  /** It does not wait for a command, and is shown as it is. */
  readonly onUnready: (() => void) | undefined;
  /** It could not be set up for a reason of ours. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Sets a new shell up, by a line that is typed into it once it waits for a command. A start file that asks for something is
 * the person's to answer: it is shown, and the shell is set up after it. What is typed before anything is shown comes later.
 */
export class ShellSetUp {
  readonly #options: ShellSetUpOptions;
  #keys: string[] | undefined = [];
  #hasTyped = false;
  /** The end of what is shown, while a prompt is waited for. */
  #late: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #line: FirstLine;
  readonly #stop = new AbortController();

  constructor(options: ShellSetUpOptions) {
    this.#options = options;
    this.#line = options.shown.begin(new FirstLine(options.name, options.folder));
  }

  /** @returns whether these keys are kept until the shell is shown */
  typed(text: string): boolean {
    this.#hasTyped = true;
    // A line that goes on to be typed is none to type into.
    clearTimeout(this.#timer);
    this.#keys?.push(text);
    return this.#keys !== undefined;
  }

  /** Whether it has never waited for a command, and nobody has typed anything. */
  get isUnused(): boolean {
    return this.#late !== undefined && !this.#hasTyped;
  }

  /** The shell is connected. */
  run(): void {
    this.#whileConnected(async () => {
      if (await this.#isReady()) {
        await this.#type(this.#line);
        return;
      }
      this.#late = '';
      // Before a question, so that its answer is typed right behind it.
      this.#options.onUnready?.();
      this.#options.shown.giveUp(this.#line);
      this.#release();
    });
  }

  /** Its connection is gone, and what was kept with it. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  /** Told of what is shown. */
  saw(text: string): void {
    if (this.#late === undefined || this.#stop.signal.aborted) return;
    this.#late = (this.#late + text).slice(-lookedAt);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#late === undefined || !waitsForCommand(this.#late, '')) return;
      const { shown, name, folder } = this.#options;
      // Made anew, it would read its start files, and ask, once more.
      const line = shown.begin(new FirstLine(name, folder, this.#hasTyped ? 'kept' : undefined));
      this.#keys = [];
      this.#late = undefined;
      shown.eraseLine();
      this.#whileConnected(() => this.#type(line));
    }, 2 * stepMs);
  }

  async #isReady(): Promise<boolean> {
    let [before, quiet, redrawnFrom] = ['', 0, 0];
    for (let look = 0; look < mostLooks; look += 1) {
      if (redrawAt.includes(look)) {
        redrawnFrom = before.length;
        this.#options.redraw();
      }
      await sleep(stepMs, undefined, this.#stop);
      const { printed } = this.#line;
      quiet = printed.length === before.length ? quiet + 1 : 0;
      before = printed;
      if (quiet > 0 && waitsForCommand(printed.slice(-lookedAt), printed.slice(redrawnFrom))) return true;
      if (quiet >= asksAfter && maybeAsks(printed)) return false;
    }
    return false;
  }

  async #type(line: FirstLine): Promise<void> {
    this.#late = undefined;
    const { shown, name, folder, send } = this.#options;
    send(line.line);
    this.#release();
    const waits = (): boolean => waitsForCommand(line.printed.slice(-lookedAt), '');
    for (let look = 0; look < firstLineLooks && shown.isHeldBy(line) && !(line.isBack && waits()); look += 1) {
      await sleep(stepMs, undefined, this.#stop);
    }
    if (!line.isKept && !this.#hasTyped && shown.isHeldBy(line) && waits()) {
      // A start file has made something else of what was to go on with it, and there is nothing but the shell itself.
      await this.#type(shown.begin(new FirstLine(name, folder, 'again')));
      return;
    }
    shown.giveUp(line);
  }

  #whileConnected(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      // Ended, it has nobody any more who is to know.
      if (!this.#stop.signal.aborted) this.#options.onFailure(error);
    });
  }

  #release(): void {
    for (const keys of this.#keys ?? []) this.#options.send(keys);
    this.#keys = undefined;
  }
}
