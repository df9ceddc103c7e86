import { join } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import type { DevboxLog } from '../../devboxLog';
import type { DevboxRun } from '../devboxRun';
import { DevboxError, messageOf } from '../../../errors';
import type { DevboxFiles } from '../devboxFiles';
import { loginFile, platformFolder } from '../../../sandbox/devboxTools';
import { newExecutionId, newFileName } from '../../../ids';
import type { SandboxProcess } from '../../../sandbox/sandbox';
import type { RecordTable } from '../../../store/recordTable';
import { type ExecutionRequest, Execution } from './execution';
import { type ExecutionRecord, keptId, KeptExecution, recordOf } from './keptExecution';
import type { KnownExecution } from './knownExecution';
import { namedShellScript } from './namedShell';
import { OutputSpace } from './outputSpace';

/** Completed executions that can still be looked at, per devbox; older ones are forgotten with their output. */
const keptCompleted = 1_000;
/** Executions that may run or wait at the same time, per devbox. */
const mostAtOnce = 500;
/** A longer command goes to the shell by way of a file, because a word of an argument list may not be longer. */
const longestWord = 100_000;

/** What executions need of their devbox. */
export interface ExecutionContext {
  /** Gives the devbox's present run; throws when there is none. */
  readonly run: () => DevboxRun;
  readonly files: DevboxFiles;
  readonly log: DevboxLog;
  /** Where outputs are kept, outside the devbox's own files. */
  readonly folder: string;
  readonly devboxId: string;
  /** What is remembered of executions when platform or devbox have ended. */
  readonly records: Pick<RecordTable<ExecutionRecord>, 'get' | 'put' | 'delete'>;
  /** Gets a sentence for the platform's own output. */
  readonly logLine: (line: string) => void;
}

interface NamedShell {
  /** A named shell does not survive a suspend. */
  readonly run: DevboxRun;
  readonly stateFile: string;
  /** Runs its commands one after the other. */
  readonly oneByOne: LimitFunction;
}

/** The executions of one devbox. */
export class Executions {
  readonly #context: ExecutionContext;
  readonly #executions = new Map<string, Execution>();
  readonly #shells = new Map<string, NamedShell>();
  readonly #space = new OutputSpace(() => this.#dropOldestOutputs());

  constructor(context: ExecutionContext) {
    this.#context = context;
  }

  /**
   * Starts a command, or puts it behind the others of its named shell.
   * @param id the caller's own id: a command that has it already is not started again
   * @throws DevboxError `busy` when too many run at once
   */
  start(request: ExecutionRequest, id?: string): KnownExecution {
    const earlier = id === undefined ? undefined : this.#find(id);
    if (earlier !== undefined) {
      return earlier;
    }
    this.#forgetOldest();
    const run = this.#context.run();
    const { folder, log } = this.#context;
    const execution = new Execution(
      id ?? newExecutionId(),
      request,
      join(folder, newFileName()),
      (entry) => log.append(entry),
      (present) => this.#keep(present),
      this.#space,
    );
    this.#executions.set(execution.id, execution);
    if (request.shellName === undefined) {
      void execution.run(() => this.#launch(execution, run));
    } else {
      const shell = this.#shell(request.shellName, run);
      void this.#keep(execution);
      void shell.oneByOne(() => execution.run(() => this.#launch(execution, run, shell.stateFile)));
    }
    return execution;
  }

  /**
   * Finds an execution by its id.
   * @throws DevboxError `not_found`
   */
  get(id: string): KnownExecution {
    const execution = this.#find(id);
    if (execution === undefined) {
      throw new DevboxError('not_found', `There is no execution ${id} in this devbox.`);
    }
    return execution;
  }

  /** One that this platform has started, else what is remembered of an earlier one. */
  #find(id: string): KnownExecution | undefined {
    const { devboxId, records } = this.#context;
    const record = this.#executions.has(id) ? undefined : records.get(keptId(devboxId, id));
    return record?.exitStatus === undefined ? this.#executions.get(id) : new KeptExecution(id, record);
  }

  async #keep(execution: Execution): Promise<void> {
    const { devboxId, records, logLine } = this.#context;
    try {
      records.put(await recordOf(devboxId, execution));
    } catch (error) {
      logLine(`The outcome of an execution of devbox ${devboxId} could not be written down: ${messageOf(error)}`);
    }
  }

  async #launch(execution: Execution, run: DevboxRun, stateFile?: string): Promise<SandboxProcess> {
    if (run.signal.aborted) {
      throw new DevboxError('wrong_state', 'The devbox was suspended or ended before this command began.');
    }
    let command = run.sandbox.translate(execution.request.command);
    if (Buffer.byteLength(command) > longestWord) {
      const name = `${platformFolder}/commands/${newFileName()}`;
      const { code, stderr } = await this.#context.files.write(name, Buffer.from(command), { mode: '600' });
      if (code !== 0) {
        throw new DevboxError('failed', `The command could not be written into the devbox: ${stderr.trim()}`);
      }
      const file = run.sandbox.prefix + name;
      command = `eval "$(cat -- ${file}; rm -f -- ${file})"`;
    }
    const login = run.sandbox.prefix + loginFile;
    const words = stateFile === undefined ? [command] : [namedShellScript, 'bash', stateFile, command, login];
    // Bash reads this file first; a variable of the devbox's own goes before.
    const environment = stateFile === undefined && run.environment['BASH_ENV'] === undefined ? { BASH_ENV: login } : {};
    return run.launchWithPipes({
      argv: ['/bin/bash', '--norc', '-c', ...words],
      environment,
      ...(execution.request.attachStdin ? { input: 'open' as const } : {}),
    });
  }

  #shell(name: string, run: DevboxRun): NamedShell {
    const existing = this.#shells.get(name);
    if (existing?.run === run) {
      return existing;
    }
    const stateFile = `${run.sandbox.prefix}${platformFolder}/shells/${newFileName()}`;
    const shell: NamedShell = { run, stateFile, oneByOne: pLimit(1) };
    this.#shells.set(name, shell);
    return shell;
  }

  #forgetOldest(): void {
    const completed = [...this.#executions.values()].filter((execution) => execution.status === 'completed');
    if (this.#executions.size - completed.length >= mostAtOnce) {
      throw new DevboxError(
        'busy',
        `${mostAtOnce} executions run or wait in this devbox already. Wait for one of them, or kill it.`,
      );
    }
    for (const execution of completed.slice(0, Math.max(0, completed.length - keptCompleted))) {
      this.#executions.delete(execution.id);
      this.#context.records.delete(keptId(this.#context.devboxId, execution.id));
      dropOutputs(execution);
    }
  }

  /** The outputs of the oldest execution that has ended; their ends are written down. False when there is none. */
  #dropOldestOutputs(): boolean {
    for (const execution of this.#executions.values()) {
      if (execution.isRemembered) {
        this.#executions.delete(execution.id);
        dropOutputs(execution);
        return true;
      }
    }
    return false;
  }
}

function dropOutputs({ space, stdout, stderr }: Execution): void {
  space.release();
  for (const spool of [stdout, stderr]) {
    // A file that cannot be removed now goes with the devbox's folder.
    spool.remove().catch(() => undefined);
  }
}
