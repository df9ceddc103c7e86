import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { codeOf, DevboxError } from './errors';
import type { SandboxCommand, SandboxProcess } from './sandbox';

/** Shell script that goes to the folder in its first argument and becomes the command in the others. */
export const enterScript = 'umask 022; cd -- "$1" && shift && exec "$@"';

/** The longest single word Linux accepts in an argument list is 128 KiB. */
const longestWord = 128 * 1024 - 1;

/**
 * Starts a process of a devbox on the host with exactly the given environment, in a session of its own: Ctrl-C in the
 * platform's terminal must reach the platform only.
 */
export function spawnCommand(argv: readonly string[], command: Omit<SandboxCommand, 'argv'>): SandboxProcess & { readonly pid: number | undefined } {
  const [file, ...args] = argv;
  if (file === undefined) {
    throw new DevboxError('invalid', 'A command needs at least one word.');
  }
  if (argv.some((word) => Buffer.byteLength(word) > longestWord)) {
    throw new DevboxError('invalid', 'The command is too long: a single word may have up to 131,071 bytes. Put long text into a file mount.');
  }
  const child = spawn(file, args, {
    env: { ...command.environment },
    cwd: '/',
    detached: true,
    stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', command.onStdout);
  child.stderr?.on('data', command.onStderr);
  // A command that does not read its input closes the pipe early; its exit code tells the rest.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(command.input);
  let failed = false;
  const exited = new Promise<{ code: number }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }));
    child.once('error', (error) => {
      failed = true;
      command.onStderr(Buffer.from(`The command could not be started (${codeOf(error) ?? error.message}).\n`));
      resolve({ code: 127 });
    });
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => {
      if (failed && child.pid === undefined) {
        resolve();
      }
    });
  });
  return { pid: child.pid, exited, closed };
}
