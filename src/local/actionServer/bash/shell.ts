import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { startTimer } from './longTimer';
import { endSession } from './sessionProcesses';
import { parseMarker, type ShellMarker, type ShellReport } from './shellReport';
import { folderFileMode, writeShellFiles } from './shellFiles';
import { killLine, markerPrefix, plainTriggerLine, triggerLine } from './shellScript';
import { spawnBash, type ShellOptions } from './spawnBash';
import { Terminal, joinTexts, type TerminalText } from './terminal';
import { colourAnswer } from './terminalAnswers';
import type { TerminalProgram } from './terminalProgram';

/** How long bash may take to show its first prompt. */
const startDeadlineMs = 30_000;
/** How long to wait for the begin of a command after a stray prompt before typing it once more. */
const repeatAfterMs = 200;

/** How a command ended: with a prompt, or by ending the shell itself. */
export interface CommandEnd {
  readonly output: TerminalText;
  readonly exitCode: number;
  /** Undefined when the shell is gone. */
  readonly report: ShellReport | undefined;
}

type State =
  | { readonly kind: 'starting' | 'idle' | 'running' | 'key' | 'gone' }
  | { readonly kind: 'sent'; readonly line: string };

/** One interactive bash on a terminal of its own. It knows nothing of timeouts or of what clients expect. */
export class Shell {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #folder: string;
  readonly #prefix: string;
  readonly #terminal: Terminal;
  readonly #program: TerminalProgram;
  readonly #closed: Promise<void>;
  #state: State = { kind: 'starting' };
  #sequence = 0;
  #earlier: TerminalText = { text: '', truncated: false };
  #end: CommandEnd | undefined;
  #report: ShellReport | undefined;
  /** The shell that leads the session: the first one. */
  #sessionPid: number | undefined;
  /** The shell at the prompt is no bash. */
  #isPlain = false;
  #watcher: { activity: () => void; end: () => void } | undefined;
  #repeat: NodeJS.Timeout | undefined;

  private constructor(folder: string, nonce: string, options: ShellOptions) {
    this.#folder = folder;
    this.#program = options.program;
    this.#prefix = markerPrefix(nonce);
    const answer = (text: string): void => this.#answer(text);
    this.#terminal = new Terminal((text) => this.#onOsc(text), answer);
    this.#child = spawnBash(folder, options);
    const decoder = new StringDecoder('utf8');
    const read = (chunk: Buffer): void => {
      this.#terminal.write(decoder.write(chunk));
      this.#watcher?.activity();
    };
    this.#child.stdout.on('data', read);
    this.#child.stderr.on('data', read);
    // Writing to a shell that has just ended is no failure of ours: 'close' reports the end.
    this.#child.stdin.on('error', () => options.log.debug('The shell ended while input was being sent.'));
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        options.log.error('Bash could not be started', error);
        this.#onGone(127);
        resolve();
      });
      this.#child.on('close', (code) => {
        this.#onGone(code ?? 137);
        resolve();
      });
    });
  }

  /**
   * Starts a bash and waits for its first prompt.
   *
   * @throws Error when bash does not get there, and the signal's reason when that aborts
   */
  static async start(options: ShellOptions): Promise<Shell> {
    options.signal.throwIfAborted();
    const folder = await mkdtemp(join(options.tempDir, 'action-server-shell-'));
    const nonce = randomBytes(16).toString('hex');
    await writeShellFiles(folder, nonce, options);
    await options.user.chown(folder);
    const shell = new Shell(folder, nonce, options);
    const stop = (): void => void shell.#child.kill('SIGKILL');
    options.signal.addEventListener('abort', stop, { once: true });
    // It may have been aborted while the files were written, and then it says so no more.
    if (isAborted(options.signal)) stop();
    const outcome = await shell.waitForEnd(Number.POSITIVE_INFINITY, startDeadlineMs);
    options.signal.removeEventListener('abort', stop);
    const end = shell.takeEnd();
    if (outcome === 'ended' && end?.report !== undefined) return shell;
    await shell.dispose();
    options.signal.throwIfAborted();
    throw new Error(
      outcome === 'ended'
        ? `bash ended with code ${end?.exitCode ?? -1} before its first prompt. Check ~/.bashrc.`
        : `bash showed no prompt within ${startDeadlineMs / 1000} seconds. Check ~/.bashrc.`,
    );
  }

  /** What the shell said at its last prompt. */
  get report(): ShellReport | undefined {
    return this.#report;
  }

  /** False once the bash process has ended. */
  get isAlive(): boolean {
    return this.#state.kind !== 'gone';
  }

  /** Starts a command. Only at a prompt: the caller has taken the end of the one before. */
  async execute(command: string): Promise<void> {
    await writeFile(join(this.#folder, 'command'), `${command}\n`, { mode: folderFileMode });
    if (!this.isAlive) {
      this.#finish({ output: this.#terminal.take(), exitCode: -1, report: undefined });
      return;
    }
    this.#sequence += 1;
    if (this.#isPlain) {
      this.#earlier = { text: '', truncated: false };
      this.#terminal.clear();
      this.#state = { kind: 'running' };
      this.#child.stdin.write(plainTriggerLine(join(this.#folder, 'command')));
      return;
    }
    // What was typed for a program that did not read it, such as a terminal's answer, is no part of the line.
    const line = (this.#program.script === undefined ? '' : killLine) + triggerLine(this.#sequence);
    this.#earlier = this.#terminal.take();
    this.#state = { kind: 'sent', line };
    this.#child.stdin.write(line);
  }

  /** Types text and presses Enter. */
  type(text: string): void {
    this.#child.stdin.write(`${text}\r`);
  }

  /**
   * Presses a control key.
   *
   * @param letter the key that is held together with Ctrl
   */
  pressControl(letter: string): void {
    const key = letter.toUpperCase();
    // The terminal does not echo (or every command would show twice), but a person expects to see this one. The end of
    // the input is the one key that terminals never show.
    if (/[A-CE-Z[\\\]^_]/.test(key)) this.#terminal.write(`^${key}`);
    if (this.#state.kind === 'idle') this.#state = { kind: 'key' };
    if (this.#program.script === undefined && key === 'C') this.#interruptWithoutTerminal();
    else this.#child.stdin.write(String.fromCharCode(key.charCodeAt(0) & 0x1f));
  }

  /** The end of the command, once: undefined while it runs and after it was taken. */
  takeEnd(): CommandEnd | undefined {
    const end = this.#end;
    this.#end = undefined;
    return end;
  }

  /** Output of the running command that nobody has taken yet. */
  takeOutput(): TerminalText {
    return joinTexts(this.#takeEarlier(), this.#terminal.take());
  }

  /**
   * Waits for the command's end.
   *
   * @param silenceMs give up when no output came for so long
   * @param deadlineMs give up after so long in any case
   */
  async waitForEnd(silenceMs: number, deadlineMs: number): Promise<'ended' | 'silent' | 'late'> {
    if (this.#end !== undefined) return 'ended';
    return new Promise((resolve) => {
      const settle = (outcome: 'ended' | 'silent' | 'late'): void => {
        clearTimeout(silence);
        clearTimeout(deadline);
        this.#watcher = undefined;
        resolve(outcome);
      };
      // Silence is set up first, so that it wins when both are due.
      const silence = startTimer(silenceMs, () => settle('silent'));
      const deadline = startTimer(deadlineMs, () => settle('late'));
      this.#watcher = { activity: () => silence?.refresh(), end: () => settle('ended') };
    });
  }

  /** Ends bash and everything that it started in its session. */
  async dispose(): Promise<void> {
    if (this.#sessionPid !== undefined) await endSession(this.#sessionPid);
    await this.release();
  }

  /** Lets go of bash, but not of what it left running, as when a person closes a terminal by `exit`. */
  async release(): Promise<void> {
    clearTimeout(this.#repeat);
    if (this.isAlive) this.#child.kill('SIGKILL');
    await this.#closed;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #interruptWithoutTerminal(): void {
    // Without a terminal there is no job control: commands share the group that bash leads.
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGINT');
  }

  /** Says something to the running program, as a terminal does. At a prompt it would be taken for a command. */
  #answer(text: string): void {
    const isListening = this.#state.kind === 'running' || this.#state.kind === 'starting';
    if (isListening && this.#program.script !== undefined) this.#child.stdin.write(text);
  }

  #onOsc(text: string): void {
    const colour = colourAnswer(text);
    if (colour !== undefined) this.#answer(colour);
    if (!text.startsWith(this.#prefix)) return;
    const marker = parseMarker(text.slice(this.#prefix.length));
    if (marker === undefined) return;
    if (marker.kind === 'begin') this.#onBegin(marker.sequence);
    else if (marker.kind === 'plain') this.#onPlainPrompt(marker);
    else this.#onPrompt(marker.sequence, marker.report);
  }

  #onBegin(sequence: number): void {
    if (this.#state.kind !== 'sent' || sequence !== this.#sequence) return;
    clearTimeout(this.#repeat);
    const line = this.#state.line.replace(killLine, '').trimEnd();
    const between = this.#terminal.take();
    const text = between.text
      .split('\n')
      .filter((row) => !row.includes(line) && !row.includes('__oh_begin'))
      .join('\n');
    this.#earlier = joinTexts(this.#earlier, { ...between, text });
    this.#terminal.clear();
    this.#state = { kind: 'running' };
  }

  /** A bash has told of itself before it prints its prompt; so this is of another shell. */
  #onPlainPrompt({ exitCode, shellPid, workingDir }: Extract<ShellMarker, { kind: 'plain' }>): void {
    const bash = this.#report;
    if (bash === undefined || this.#state.kind !== 'running' || (!this.#isPlain && shellPid === bash.shellPid)) return;
    this.#isPlain = true;
    this.#report = { ...bash, exitCode, pid: -1, shellPid, workingDir };
    this.#finish({ output: this.takeOutput(), exitCode, report: this.#report });
    this.#state = { kind: 'idle' };
  }

  #onPrompt(sequence: number, report: ShellReport): void {
    // A shell within this one has begun, or ended: the number of the command is the one that it knows.
    const isOther = this.#report !== undefined && this.#report.shellPid !== report.shellPid;
    this.#sessionPid ??= report.shellPid;
    this.#isPlain = false;
    this.#report = report;
    if (this.#state.kind === 'sent') {
      // The prompt of something else, such as an interrupt that came late; or bash could not read the line.
      const { line } = this.#state;
      clearTimeout(this.#repeat);
      this.#repeat = setTimeout(() => this.#child.stdin.write(line), repeatAfterMs);
      return;
    }
    const isOurs = this.#state.kind !== 'running' || isOther || sequence === this.#sequence;
    if (this.#state.kind === 'idle' || !isOurs) return;
    this.#finish({ output: this.takeOutput(), exitCode: report.exitCode, report });
    this.#state = { kind: 'idle' };
  }

  #onGone(exitCode: number): void {
    if (!this.isAlive) return;
    clearTimeout(this.#repeat);
    const wasIdle = this.#state.kind === 'idle';
    this.#state = { kind: 'gone' };
    if (!wasIdle) this.#finish({ output: this.takeOutput(), exitCode, report: undefined });
  }

  #finish(end: CommandEnd): void {
    this.#end = end;
    this.#watcher?.end();
  }

  #takeEarlier(): TerminalText {
    const earlier = this.#earlier;
    this.#earlier = { text: '', truncated: false };
    return earlier;
  }
}

/** Whether a signal is aborted by now; a call, so that the compiler does not take an earlier answer for this one. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
