import { join } from 'node:path';
import { messageOf } from '../errors';
import type { DevboxContext } from './devboxContext';
import { DevboxLog } from './devboxLog';
import type { DevboxFiles } from './run/devboxFiles';
import type { DevboxRun } from './run/devboxRun';
import { Executions } from './run/executions/executions';

/** What a devbox keeps on the host: its disk, its log, what its executions have written, and its SSH keys. */
export class DevboxFolder {
  /** Host folder that is the devbox's disk. */
  readonly disk: string;
  /** Where the public keys are that open the devbox over SSH. */
  readonly sshKeyFile: string;
  readonly #id: string;
  readonly #folder: string;
  readonly #context: DevboxContext;
  #log: DevboxLog | undefined;
  #executions: Executions | undefined;

  constructor(id: string, context: DevboxContext) {
    this.#id = id;
    this.#context = context;
    this.#folder = join(context.folder, id);
    this.disk = join(this.#folder, 'root');
    this.sshKeyFile = join(this.#folder, 'ssh_keys.json');
  }

  /**
   * The log, read from disk when it is first asked for.
   * @param hasEnded nothing will be added to it
   */
  log(hasEnded: boolean): DevboxLog {
    this.#log ??= DevboxLog.open(join(this.#context.logFolder, `${this.#id}.jsonl`), hasEnded);
    return this.#log;
  }

  closeLog(): void {
    this.#log?.close();
  }

  /** The commands that were started through the API, read from disk when they are first asked for. */
  executions(devbox: {
    readonly run: () => DevboxRun;
    readonly files: DevboxFiles;
    readonly log: DevboxLog;
  }): Executions {
    const { executions: records, logLine } = this.#context;
    this.#executions ??= new Executions({
      ...devbox,
      folder: join(this.#folder, 'executions'),
      devboxId: this.#id,
      records,
      logLine,
    });
    return this.#executions;
  }

  /** Throws all but the log away. */
  async remove(): Promise<void> {
    // A snapshot that is being made gets what it was promised, however the devbox ends.
    await this.#context.resources.diskUnused(this.#id);
    await this.attempt('removing the folder of', () => this.#context.trash.discard(this.#folder));
  }

  /** Ending must go on to its end; what does not work on the way is said. */
  async attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#context.logLine(`A problem while ${what} devbox ${this.#id}: ${messageOf(error)}`);
    }
  }
}
