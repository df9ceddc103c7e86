import { spawn } from 'node:child_process';
import { isAborted } from '../../errors';

/** Milliseconds that a program has to put away what it has begun; then it is killed, and waited for as long again. */
const endMs = 5_000;

export interface ProcessResult {
  /** Undefined where it was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly endedBy: NodeJS.Signals | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Whether it was ended as it printed more than it may. */
  readonly isTooMuch: boolean;
}

/**
 * Runs a program and waits until it has ended with all that it has started, cancelled or not: whoever goes on then takes away what
 * it works on, and looks at what it has done. Cancelled, it is ended with its children.
 *
 * @throws what kept it from being started
 */
export async function runProcess(
  program: string,
  args: readonly string[],
  {
    folder,
    env,
    input,
    signal,
    mostOutput,
  }: {
    readonly folder: string;
    readonly env: NodeJS.ProcessEnv;
    readonly input: string;
    readonly signal: AbortSignal;
    /** Bytes. */
    readonly mostOutput: number;
  },
): Promise<ProcessResult> {
  const hasGroups = process.platform !== 'win32';
  const child = spawn(program, args, { cwd: folder, env, detached: hasGroups, stdio: 'pipe' });
  const kill = (how: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      if (hasGroups) process.kill(-child.pid, how);
      else child.kill(how);
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  return new Promise((resolve, reject) => {
    const timers: NodeJS.Timeout[] = [];
    const printed = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>(), size: 0 };
    const finish = (exitCode: number | null, endedBy: NodeJS.Signals | null): void => {
      timers.forEach(clearTimeout);
      signal.removeEventListener('abort', end);
      resolve({
        exitCode: exitCode ?? undefined,
        endedBy: endedBy ?? undefined,
        stdout: Buffer.concat(printed.stdout),
        stderr: Buffer.concat(printed.stderr),
        isTooMuch: printed.size > mostOutput,
      });
    };
    const end = (): void => {
      kill('SIGTERM');
      timers.push(
        setTimeout(() => kill('SIGKILL'), endMs),
        setTimeout(() => finish(null, 'SIGKILL'), 2 * endMs),
      );
    };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (piece: Buffer) => {
        const isOver = printed.size > mostOutput;
        printed.size += piece.length;
        if (printed.size <= mostOutput) printed[name].push(piece);
        else if (!isOver) end();
      });
    }
    child.on('error', (error) => {
      signal.removeEventListener('abort', end);
      reject(error);
    });
    child.on('close', finish);
    // Not all of them read it to its end.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    signal.addEventListener('abort', end, { once: true });
    if (isAborted(signal)) end();
  });
}
