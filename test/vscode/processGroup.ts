import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a {@link ProcessGroup} is started. */
export interface ProcessGroupOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** `pipe` keeps the child's stdin open for as long as this process lives. */
  readonly stdin: 'pipe' | 'ignore';
  /** `inherit` hands this process's own stderr to the child. */
  readonly stderr?: 'pipe' | 'inherit';
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A program in a process group of its own, so that its children can be ended with it, and so that a Ctrl-C at the
 * terminal reaches it only through {@link stop}.
 */
export class ProcessGroup {
  /** Settles when the program itself has ended and its output has been read. */
  readonly ended: Promise<ProcessEnd>;

  private constructor(
    readonly child: ChildProcess,
    readonly pid: number,
  ) {
    this.ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  }

  /**
   * Starts the program.
   * @throws NodeJS.ErrnoException if it cannot be started at all, for instance `ENOENT`.
   */
  static async start(options: ProcessGroupOptions): Promise<ProcessGroup> {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: [options.stdin, 'pipe', options.stderr ?? 'pipe'],
    });
    await once(child, 'spawn');
    if (child.pid === undefined) {
      throw new Error(`${options.command} was started but has no process id.`);
    }
    return new ProcessGroup(child, child.pid);
  }

  /** True until the program itself has ended; its children may outlive it. */
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Ends the program and everything in its group, and waits until all are gone.
   * @param graceMs how long a SIGTERM may take before SIGKILL follows, in milliseconds
   */
  async stop(graceMs = 5000): Promise<void> {
    if (this.signalGroup('SIGTERM') && !(await this.goneWithin(graceMs))) {
      this.signalGroup('SIGKILL');
      if (!(await this.goneWithin(5000))) {
        throw new Error(`The processes of group ${this.pid} do not end, not even when killed.`);
      }
    }
    // A grandchild outside the group may still hold the pipes; nobody reads them any more.
    this.child.stdin?.destroy();
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    await this.ended;
  }

  private async goneWithin(limitMs: number): Promise<boolean> {
    const end = Date.now() + limitMs;
    while (this.signalGroup(0)) {
      if (Date.now() > end) {
        return false;
      }
      await sleep(20);
    }
    return true;
  }

  /** @returns false if nothing is left of the group */
  private signalGroup(signal: NodeJS.Signals | 0): boolean {
    try {
      process.kill(-this.pid, signal);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') {
        return false;
      }
      throw error;
    }
  }
}
