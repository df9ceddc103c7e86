import type { Logger } from '../logging';
import { unfinishedMetadata, type CommandMetadata } from '../observations';
import { decimalSeconds, lostOutputPrefix, shorten, tidy } from './outputText';
import { Shell, type CommandEnd } from './shell';
import type { ShellOptions } from './spawnBash';
import type { ShellReport } from './shellReport';
import { topLevelCommands } from './topLevelCommands';

/** One `run` action. */
export interface RunRequest {
  readonly command: string;
  readonly isInput: boolean;
  readonly blocking: boolean;
  readonly hidden: boolean;
  /** Seconds until the answer is given in any case; undefined for no limit. */
  readonly timeoutSeconds: number | undefined;
}

/** What to answer to a `run` action. */
export type RunResult =
  | { readonly kind: 'ran'; readonly command: string; readonly content: string; readonly metadata: CommandMetadata }
  | { readonly kind: 'refused'; readonly text: string };

const stillRunningPrefix = '[Below is the output of the previous command.]\n';
const hint =
  'Send an empty command to wait for more output, send other text to type it into the running process, ' +
  'send "C-c", "C-z" or "C-d" to press that key, or give the action a timeout.';

/**
 * The bash that lives as long as the server: directory, variables and background jobs stay from command to command.
 * A command that outlasts its limits goes on running, and later requests deal with it.
 */
export class BashSession {
  #shell: Shell;
  readonly #options: ShellOptions;
  readonly #silenceMs: number;
  readonly #log: Logger;
  /** True from the start of a command until its end was reported to the client. */
  #isOpen = false;
  #report: ShellReport | undefined;
  /** Shells that ended by themselves, and may have left processes running. */
  readonly #former: Shell[] = [];

  private constructor(shell: Shell, options: ShellOptions, silenceMs: number) {
    this.#shell = shell;
    this.#options = options;
    this.#silenceMs = silenceMs;
    this.#log = options.log;
    this.#report = shell.report;
  }

  /**
   * Starts the bash.
   *
   * @param options where and how
   * @param silenceMs a command without new output for so long is left alone
   * @throws Error when bash does not start
   */
  static async start(options: ShellOptions, silenceMs: number): Promise<BashSession> {
    return new BashSession(await Shell.start(options), options, silenceMs);
  }

  /** The shell's directory at its last prompt. */
  get workingDir(): string {
    return this.#report?.workingDir ?? this.#options.workingDir;
  }

  /**
   * Runs a command, or goes on with the one that still runs.
   *
   * @throws Error when a new bash is needed and does not start
   */
  async run(request: RunRequest): Promise<RunResult> {
    await this.#reviveIfGone();
    const command = request.command.trim();
    const controlKey = /^C-(.)$/su.exec(command)?.[1];
    if (!this.#isOpen) {
      if (command === '') return nothingRunning('retrieve logs from');
      // Other keys would do nothing useful at a prompt, or end the shell.
      const isInterrupt = controlKey?.toUpperCase() === 'C' && !request.isInput;
      if (request.isInput || (controlKey !== undefined && !isInterrupt)) return nothingRunning('interact with');
    }
    const commands = await topLevelCommands(command, this.#options.program.bash);
    if (commands.length > 1) return { kind: 'refused', text: severalCommands(commands) };
    return this.#isOpen ? this.#goOn(request, command, controlKey) : this.#begin(request, command, controlKey, '');
  }

  /** Ends bash and all it started. */
  async dispose(): Promise<void> {
    await Promise.all([this.#shell, ...this.#former].map((shell) => shell.dispose()));
  }

  async #begin(
    request: RunRequest,
    command: string,
    controlKey: string | undefined,
    earlierContent: string,
  ): Promise<RunResult> {
    this.#isOpen = true;
    if (controlKey === undefined) await this.#shell.execute(command);
    else this.#shell.pressControl(controlKey);
    return this.#wait(request, command, controlKey, '', earlierContent);
  }

  async #goOn(request: RunRequest, command: string, controlKey: string | undefined): Promise<RunResult> {
    const isPlain = command !== '' && !request.isInput;
    const ended = this.#shell.takeEnd();
    if (ended !== undefined) {
      if (!isPlain) return this.#finish(request, command, ended, undefined, '');
      this.#isOpen = false;
      this.#report = ended.report ?? this.#report;
      await this.#reviveIfGone();
      const rest = tidy(ended.output.text);
      return this.#begin(request, command, controlKey, `${rest === '' ? '' : `${rest}\n`}${command}\n`);
    }
    if (isPlain) return this.#notExecuted(command);
    if (controlKey !== undefined) this.#shell.pressControl(controlKey);
    else if (command !== '') this.#shell.type(command);
    return this.#wait(request, command, controlKey, stillRunningPrefix, '');
  }

  async #wait(
    request: RunRequest,
    command: string,
    controlKey: string | undefined,
    prefix: string,
    earlierContent: string,
  ): Promise<RunResult> {
    const { timeoutSeconds } = request;
    const outcome = await this.#shell.waitForEnd(
      request.blocking ? Number.POSITIVE_INFINITY : this.#silenceMs,
      timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : timeoutSeconds * 1000,
    );
    const end = outcome === 'ended' ? this.#shell.takeEnd() : undefined;
    if (end !== undefined) return this.#finish(request, command, end, controlKey, earlierContent);
    const what =
      outcome === 'silent'
        ? `has no new output after ${this.#silenceMs / 1000} seconds`
        : `timed out after ${decimalSeconds(timeoutSeconds ?? 0)} seconds`;
    return this.#unfinished(command, prefix, `\n[The command ${what}. ${hint}]`, earlierContent);
  }

  #notExecuted(command: string): RunResult {
    const suffix = `\n[Your command "${command}" is NOT executed. The previous command is still running. ${hint}]`;
    return this.#unfinished(command, stillRunningPrefix, suffix, '');
  }

  #unfinished(command: string, prefix: string, suffix: string, earlierContent: string): RunResult {
    const output = this.#shell.takeOutput();
    return {
      kind: 'ran',
      command,
      content: shorten(tidy(earlierContent + tidy(output.text))),
      metadata: { ...unfinishedMetadata, prefix: prefix + lostOutputPrefix(output), suffix },
    };
  }

  async #finish(
    request: RunRequest,
    command: string,
    end: CommandEnd,
    controlKey: string | undefined,
    earlierContent: string,
  ): Promise<RunResult> {
    this.#isOpen = false;
    this.#report = end.report ?? this.#report;
    const notes = [`The command completed with exit code ${end.exitCode}.`];
    if (controlKey !== undefined) notes.push(`CTRL+${controlKey.toUpperCase()} was sent.`);
    if (end.report === undefined) {
      await this.#reviveIfGone();
      notes.push('It ended the shell; a new one is ready.');
    }
    const content = tidy(earlierContent + tidy(end.output.text));
    const report = this.#report;
    return {
      kind: 'ran',
      command,
      content: request.hidden ? content : shorten(content),
      metadata: {
        exit_code: end.exitCode,
        pid: report?.pid ?? -1,
        username: report?.username ?? null,
        hostname: report?.hostname ?? null,
        working_dir: report?.workingDir ?? null,
        py_interpreter_path: report?.pythonPath ?? null,
        prefix: lostOutputPrefix(end.output),
        suffix: `\n[${notes.join(' ')}]`,
      },
    };
  }

  /** A shell that ended (`exit`, `exec`, killed) is replaced, unless its end is still to be reported. */
  async #reviveIfGone(): Promise<void> {
    if (this.#shell.isAlive || this.#isOpen || this.#options.signal.aborted) return;
    this.#log.warn('The shell has ended. Starting a new one; its variables, jobs and directory are fresh.');
    await this.#shell.release();
    this.#former.push(this.#shell);
    this.#shell = await Shell.start(this.#options);
    this.#report = this.#shell.report;
  }
}

function nothingRunning(purpose: string): RunResult {
  return {
    kind: 'ran',
    command: '',
    content: `ERROR: No previous running command to ${purpose}.`,
    metadata: unfinishedMetadata,
  };
}

function severalCommands(commands: readonly string[]): string {
  const list = commands.map((command, index) => `(${index + 1}) ${command}`).join('\n');
  return (
    'ERROR: Cannot execute multiple commands at once.\n' +
    'Send them one by one, or join them with && or ; into one command.\n' +
    `Commands found:\n${list}`
  );
}
