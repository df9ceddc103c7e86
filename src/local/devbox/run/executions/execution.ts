import { setImmediate as nextRound, setTimeout as pause } from 'node:timers/promises';
import type { SequentialQueue } from '../../../../ground/sequentialQueue';
import { DevboxError, messageOf } from '../../../errors';
import type { LogEntry } from '../../devboxLog';
import { LineSplitter } from '../../../host/lineSplitter';
import type { SandboxProcess } from '../../../sandbox/sandbox';
import type { ExecutionStatus, KnownExecution } from './knownExecution';
import { ExecutionSpace, type OutputSpace } from './outputSpace';
import { OutputSpool } from './outputSpool';

/** How long output must be silent after the command's end while something it left behind still holds it, in ms. */
const quiet = 100;
/** How long is waited for that at most, in ms. */
const quietLimit = 2_000;
/** How long input waits for the start of its command at most, in ms. */
const startLimit = 2_000;
/** Characters of one execution's output that go to the devbox's log; the streams have everything. */
const loggedCharacters = 256 * 1024;
/** Bytes of output that are made lines of the log at once: with more everybody's next step would wait for as long. */
const loggedAtOnce = 8 * 1024;

/** What is to be run. */
export interface ExecutionRequest {
  readonly command: string;
  readonly shellName: string | undefined;
  /** Leaves the command's standard input open for `sendText`; otherwise it is empty. */
  readonly attachStdin: boolean;
}

/** One command that the API runs in a devbox. */
export class Execution implements KnownExecution {
  readonly id: string;
  readonly request: ExecutionRequest;
  readonly stdout: OutputSpool;
  readonly stderr: OutputSpool;
  readonly space: ExecutionSpace;
  /** Settles when the command has ended and its output is complete. */
  readonly completed: Promise<void>;
  readonly #logTurns: SequentialQueue;
  readonly #begun: Promise<void>;
  readonly #log: (entry: Omit<LogEntry, 'time'>) => void;
  readonly #keep: (execution: Execution) => Promise<void>;
  #status: ExecutionStatus = 'queued';
  #exitStatus: number | undefined;
  #process: SandboxProcess | undefined;
  #killed = false;
  #isRemembered = false;
  #logged = 0;
  #markCompleted: () => void = () => undefined;
  #markBegun: () => void = () => undefined;

  /**
   * @param path where its outputs are kept: a file name to which `.out` and `.err` are added
   * @param all the room for the outputs of all executions, and their turns
   * @param keep writes down how it is, when it begins and when it has ended; never rejects
   */
  constructor(
    id: string,
    request: ExecutionRequest,
    path: string,
    log: (entry: Omit<LogEntry, 'time'>) => void,
    keep: (execution: Execution) => Promise<void>,
    all: OutputSpace,
  ) {
    this.space = new ExecutionSpace(all);
    this.#logTurns = all.logTurns;
    this.#keep = keep;
    this.id = id;
    this.request = request;
    this.stdout = new OutputSpool(`${path}.out`, this.space);
    this.stderr = new OutputSpool(`${path}.err`, this.space);
    this.#log = log;
    this.completed = new Promise((resolve) => (this.#markCompleted = resolve));
    this.#begun = new Promise((resolve) => (this.#markBegun = resolve));
  }

  get status(): ExecutionStatus {
    return this.#status;
  }

  /** Whether what is kept of it without its outputs is written down. */
  get isRemembered(): boolean {
    return this.#isRemembered;
  }

  /** Exit code, or 128 + signal number; set once it is completed. */
  get exitStatus(): number | undefined {
    return this.#exitStatus;
  }

  /**
   * Runs the command and comes back when it is completed; never rejects.
   * @param start starts the process with its output unread
   */
  async run(start: () => Promise<SandboxProcess>): Promise<void> {
    if (this.#killed) {
      await this.#complete(137);
      return;
    }
    this.#status = 'running';
    this.#append({ level: 'info', cmd: this.request.command });
    await this.#keep(this);
    try {
      this.#process = await start();
      this.#markBegun();
      await this.#complete(await this.#follow(this.#process));
    } catch (error) {
      await this.stderr.append(Buffer.from(`${messageOf(error)}\n`));
      this.#append({ level: 'error', message: messageOf(error) });
      await this.#complete(126);
    }
  }

  /** Ends the command with SIGKILL; one that is still queued will not be started. */
  kill(whom: 'process' | 'group'): void {
    this.#killed = true;
    this.#process?.kill('SIGKILL', whom);
  }

  /** Sends SIGINT to the command's process group, as Ctrl-C does. False when it does not run. */
  interrupt(): boolean {
    this.#process?.kill('SIGINT', 'group');
    return this.#status === 'running' && this.#process !== undefined;
  }

  /**
   * Writes to the command's standard input; waits for its start, as whoever knows the id may write.
   * @returns false when it does not read yet, or no longer
   * @throws DevboxError `invalid` when it was started without an open input
   */
  async sendText(text: string): Promise<boolean> {
    const stdin = await this.#openInput();
    if (stdin?.writable !== true) {
      return false;
    }
    return new Promise((resolve) => stdin.write(text, (error) => resolve(error === null || error === undefined)));
  }

  /** Ends the command's standard input; see {@link sendText}. */
  async endInput(): Promise<boolean> {
    const stdin = await this.#openInput();
    if (stdin?.writable !== true) {
      return false;
    }
    stdin.end();
    return true;
  }

  async #openInput(): Promise<SandboxProcess['stdin']> {
    if (!this.request.attachStdin) {
      throw new DevboxError(
        'invalid',
        `The execution ${this.id} has no open input. Start it with execute_async and attach_stdin: true.`,
      );
    }
    if (this.#status !== 'completed' && this.#process === undefined) {
      await Promise.race([this.#begun, pause(startLimit, undefined, { ref: false })]);
    }
    return this.#status === 'running' ? this.#process?.stdin : undefined;
  }

  /** Keeps the output until the command has ended; gives its exit code. */
  async #follow(running: SandboxProcess): Promise<number> {
    if (this.#killed) {
      running.kill('SIGKILL', 'group');
    }
    const activity = { bytes: 0, appending: 0, waitedMs: 0 };
    const pump = async (from: SandboxProcess['stdout'], spool: OutputSpool, level: 'info' | 'error'): Promise<void> => {
      const lines = new LineSplitter((line) => this.#logLine(line, level));
      for await (const chunk of from as AsyncIterable<Buffer>) {
        activity.bytes += chunk.length;
        activity.appending += 1;
        const before = spool.lost;
        await spool.append(chunk);
        for (let at = 0; at < chunk.length && this.#isLogged(); at += loggedAtOnce) {
          const asked = Date.now();
          await this.#logTurns.next();
          activity.waitedMs += Date.now() - asked;
          if (this.#isLogged()) lines.write(chunk.subarray(at, at + loggedAtOnce));
        }
        if (spool.lost && !before) this.#sayCut(level);
        activity.appending -= 1;
      }
      if (this.#status === 'running') {
        lines.end();
      }
    };
    const pumps = Promise.all([pump(running.stdout, this.stdout, 'info'), pump(running.stderr, this.stderr, 'error')]);
    const done = pumps.then(() => true);
    // Its failure is met below; a pump that goes on after completion only drops what it reads.
    done.catch(() => undefined);
    const { code } = await running.exited;
    const limit = Date.now() + quietLimit;
    let seen = -1;
    // What waited for others' turns was not silent.
    while ((activity.bytes !== seen || activity.appending > 0) && Date.now() < limit + activity.waitedMs) {
      seen = activity.bytes;
      if (await Promise.race([done, pause(quiet, false)])) {
        return code;
      }
      // After a stall of the whole process the timer may come before data that is already there.
      await nextRound();
      await nextRound();
    }
    return code;
  }

  async #complete(code: number): Promise<void> {
    await Promise.all([this.stdout.finish(), this.stderr.finish()]);
    this.#exitStatus = code;
    this.#status = 'completed';
    this.#process = undefined;
    this.#markBegun();
    this.#append({ level: code === 0 ? 'info' : 'error', exitCode: code });
    await this.#keep(this);
    this.#isRemembered = true;
    this.#markCompleted();
  }

  /** Whether more of its output goes to the log. */
  #isLogged(): boolean {
    return this.#status === 'running' && this.#logged <= loggedCharacters;
  }

  #logLine(message: string, level: 'info' | 'error'): void {
    if (this.#logged > loggedCharacters) {
      return;
    }
    this.#logged += message.length + 1;
    this.#append({ level, message });
    if (this.#logged > loggedCharacters) {
      this.#append({
        level: 'info',
        message: "More output follows that is not logged. Read it with the execution's output streams.",
      });
    }
  }

  #sayCut(level: 'info' | 'error'): void {
    if (this.#status === 'running') {
      const which = level === 'info' ? 'standard output' : 'standard error';
      const message = `No more of its ${which} is kept: of an execution 256 MiB are, of all in a devbox 1 GiB.`;
      this.#append({ level: 'error', message });
    }
  }

  #append(entry: Pick<LogEntry, 'level' | 'message' | 'cmd' | 'exitCode'>): void {
    this.#log({ ...entry, source: 'exec', cmdId: this.id, shellName: this.request.shellName });
  }
}
