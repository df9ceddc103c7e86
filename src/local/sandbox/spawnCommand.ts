import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { codeOf, DevboxError } from '../errors';
import { startProgram } from '../host/startProgram';
import type { SandboxCommand, SandboxProcess } from './sandbox';

/** Shell script that goes to the folder in its first argument and becomes the command in the others. */
export const enterScript = 'umask 022; cd -- "$1" && shift && exec "$@"';

/** In front of the name of each variable that is only for what is inside a devbox. */
const carryMark = 'DEVBOX_CARRIES_';

/** The same, for a devbox whose variables come in `carried`. */
export const enterCarriedScript = `for __devbox in "\${!${carryMark}@}"; do export "\${__devbox#${carryMark}}=\${!__devbox}"; unset -v "$__devbox"; done 2> /dev/null; unset -v __devbox; ${enterScript}`;

/**
 * An environment as it is given to programs of the host that lead into a devbox. They run with the platform's rights, so
 * none of it may mean anything to them: a variable that makes the loader read a library, or a shell define a function,
 * would bring the devbox's code out. Names that no shell can set are left out.
 */
export function carried(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      /^[A-Za-z_]\w*$/.test(name) ? [[carryMark + name, value]] : [],
    ),
  );
}

/** The longest single word Linux accepts in an argument list is 128 KiB. */
const longestWord = 128 * 1024 - 1;

/** Pause before a command that has not yet got into its devbox is looked for again, in milliseconds. */
const leaderPause = 10;

/** Finds, from the process that was started on the host, the one that leads the command's process group. */
export type FindLeader = (pid: number) => number | undefined;

/** The leader is the only child of the started process: `nsenter` waits outside for what it started inside. */
export const childOf: FindLeader = (pid) => {
  try {
    const child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
    return Number.isNaN(child) ? undefined : child;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') {
      return undefined;
    }
    throw error;
  }
};

/**
 * Starts a process of a devbox on the host with exactly the given environment, in a session of its own: Ctrl-C in the
 * platform's terminal must reach the platform only.
 */
export function spawnCommand(
  argv: readonly string[],
  command: Omit<SandboxCommand, 'argv'>,
  findLeader: FindLeader = (pid) => pid,
): SandboxProcess & { readonly pid: number | undefined } {
  const [file, ...args] = argv;
  if (file === undefined) {
    throw new DevboxError('invalid', 'A command needs at least one word.');
  }
  if (argv.some((word) => Buffer.byteLength(word) > longestWord)) {
    throw new DevboxError(
      'invalid',
      'The command is too long: a single word may have up to 131,071 bytes. Put long text into a file mount.',
    );
  }
  const child = startProgram(file, args, {
    env: { ...command.environment },
    cwd: '/',
    detached: true,
    stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = child;
  if (stdout === null || stderr === null) {
    throw new DevboxError('failed', 'The command could not be given an output.');
  }
  if (command.onStdout !== undefined) {
    stdout.on('data', command.onStdout);
  }
  if (command.onStderr !== undefined) {
    stderr.on('data', command.onStderr);
  }
  // A command that does not read its input closes the pipe early; its exit code tells the rest.
  stdin?.on('error', () => undefined);
  if (command.input !== 'open') {
    stdin?.end(command.input);
  }
  let failed = false;
  const exited = new Promise<{ code: number }>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }),
    );
    child.once('error', (error) => {
      failed = true;
      command.onStderr?.(Buffer.from(`The command could not be started (${codeOf(error) ?? error.message}).\n`));
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
  const kill = (signal: NodeJS.Signals, whom: 'process' | 'group'): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const leader = findLeader(child.pid);
    if (leader === undefined || !signalProcess(whom === 'group' ? -leader : leader, signal)) {
      // It is still on its way in: what is to be signalled is there in a moment, or has ended by then.
      setTimeout(() => kill(signal, whom), leaderPause);
    }
  };
  return { pid: child.pid, exited, closed, stdin: stdin ?? undefined, stdout, stderr, kill };
}

/** False when there is no such process or group. */
function signalProcess(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') {
      return false;
    }
    throw error;
  }
}
