import type { ChildProcess } from 'node:child_process';
import { DevboxError, codeOf, messageOf } from '../errors';

/** Building a sandbox takes a fraction of a second; a computer that needs longer than this is stuck. */
const startLimit = 20_000;

/**
 * Ends what is left of the sandbox's own process group. Where the kernel refuses a user namespace, the process that was to
 * map its users waits for ever, and holds the pipes.
 */
export function endGroup(leader: number | undefined): void {
  if (leader === undefined) {
    return;
  }
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') {
      process.emitWarning(`What was left of a devbox's sandbox could not be ended: ${messageOf(error)}`);
    }
  }
}

/**
 * Waits for the line with which a sandbox's first process reports its number.
 * @throws DevboxError `failed` if it ends first, takes too long, or `signal` aborts
 */
export function firstProcessOf(outer: ChildProcess, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complained = '';
    const settle = (outcome: number | Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      outer.removeListener('close', onClose);
      outer.removeListener('error', onError);
      if (typeof outcome === 'number') {
        resolve(outcome);
      } else {
        reject(outcome);
      }
    };
    const fail = (why: string): void =>
      settle(new DevboxError('failed', `The devbox's sandbox could not be built: ${why}`));
    const onAbort = (): void => fail('it was stopped on the way.');
    const onClose = (): void => fail(complained.trim().split('\n').slice(-3).join(' ') || 'it ended at once.');
    const onError = (error: Error): void => fail(error.message);
    const timer = setTimeout(() => fail('it took more than 20 seconds.'), startLimit);
    signal.addEventListener('abort', onAbort);
    outer.once('close', onClose);
    outer.once('error', onError);
    outer.stderr?.on('data', (chunk: Buffer) => {
      complained = (complained + chunk.toString()).slice(-2_000);
    });
    outer.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const match = /^ready (\d+)\n/m.exec(said);
      if (match !== null) {
        settle(Number(match[1]));
      }
    });
    if (signal.aborted) {
      onAbort();
    }
  });
}

/** Pause between two wakings, in milliseconds. */
const wakingPause = 100;

/**
 * The processes of this computer that lead into a sandbox and wait for what they started there. When that is stopped they
 * stop too, and then nobody notices its end: the kernel ends no sandbox whose last processes nobody has asked how they ended.
 */
export class WaysIn {
  readonly #ways = new Set<{ readonly pid: number | undefined }>();

  add<T extends { readonly pid: number | undefined; readonly exited: Promise<unknown> }>(way: T): T {
    this.#ways.add(way);
    void way.exited.then(() => this.#ways.delete(way));
    return way;
  }

  /** Wakes those that are stopped, again and again, as what they wait for can be stopped until its last moment. */
  async keepAwake(end: Promise<void>): Promise<void> {
    const timer = setInterval(() => this.#ways.forEach(({ pid }) => wake(pid)), wakingPause);
    await end;
    clearInterval(timer);
  }
}

/** Lets a process go on that was stopped; nothing where it has ended, or not begun. */
export function wake(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') {
      process.emitWarning(`What leads into a devbox could not be woken: ${messageOf(error)}`);
    }
  }
}
