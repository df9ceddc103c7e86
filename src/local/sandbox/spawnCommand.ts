import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { codeOf, DevboxError } from '../errors';
import { type Pipe, closePipes } from '../host/pipes';
import { startProgram } from '../host/startProgram';
import type { SandboxCommand, SandboxProcess } from './sandbox';
import { wake } from './firstProcess';
import { requireCommand } from './wordLimits';

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
 * @throws DevboxError `invalid` for words that Linux does not take, `exhausted` when no program can be started now
 */
export function spawnCommand(
  argv: readonly string[],
  command: Omit<SandboxCommand, 'argv'>,
  findLeader: FindLeader = (pid) => pid,
): SandboxProcess & { readonly pid: number | undefined } {
  const { child, stdin, stdout, stderr } = start(argv, command);
  if (command.onStdout !== undefined) {
    stdout.on('data', command.onStdout);
  }
  if (command.onStderr !== undefined) {
    stderr.on('data', command.onStderr);
  }
  for (const output of [stdout, stderr]) {
    output.on('error', () => output.destroy());
  }
  // A command that does not read its input closes the pipe early; its exit code tells the rest.
  stdin?.on('error', () => undefined);
  if (command.input !== 'open') {
    stdin?.end(command.input);
  }
  const exited = new Promise<{ code: number }>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }),
    );
    child.once('error', (error) => {
      command.onStderr?.(Buffer.from(`The command could not be started (${codeOf(error) ?? error.message}).\n`));
      resolve({ code: 127 });
    });
  });
  const closed = Promise.all([exited, ...[stdout, stderr].map(closing)]).then(() => undefined);
  const kill = (signal: NodeJS.Signals, whom: 'process' | 'group'): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const leader = findLeader(child.pid);
    if (leader === undefined || !signalProcess(whom === 'group' ? -leader : leader, signal)) {
      // It is still on its way in: what is to be signalled is there in a moment, or has ended by then.
      setTimeout(() => kill(signal, whom), leaderPause);
    } else if (signal === 'SIGKILL' && leader !== child.pid) {
      // It stops with what it waits for, and would not notice the end.
      wake(child.pid);
    }
  };
  return { pid: child.pid, exited, closed, stdin, stdout, stderr, kill };
}

interface Started {
  readonly child: ChildProcess;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

function start(
  [file, ...args]: readonly string[],
  { environment, input, pipes }: Omit<SandboxCommand, 'argv'>,
): Started {
  const usual = input === undefined ? 'ignore' : 'pipe';
  const spawned = (stdio: StdioOptions): ChildProcess => {
    if (file === undefined) {
      throw new DevboxError('invalid', 'A command needs at least one word.');
    }
    args.forEach((word) => requireCommand(word, 'A single word of a command'));
    return startProgram(file, args, { env: { ...environment }, cwd: '/', detached: true, stdio });
  };
  const [out, err, into] = pipes ?? [];
  if (out === undefined || err === undefined) {
    const child = spawned([usual, 'pipe', 'pipe']);
    const { stdin, stdout, stderr } = child;
    if (stdout === null || stderr === null) {
      throw new DevboxError('failed', 'The command could not be given an output.');
    }
    return { child, stdin: stdin ?? undefined, stdout, stderr };
  }
  let child: ChildProcess;
  try {
    child = spawned([into?.read ?? usual, out.write, err.write]);
  } catch (error) {
    closePipes(pipes ?? []);
    throw error;
  }
  [out.write, err.write, ...(into === undefined ? [] : [into.read])].forEach((end) => closeSync(end));
  return {
    child,
    stdin:
      into === undefined ? (child.stdin ?? undefined) : new Socket({ fd: into.write, readable: false, writable: true }),
    stdout: readable(out),
    stderr: readable(err),
  };
}

function readable({ read }: Pipe): Readable {
  return new Socket({ fd: read, readable: true, writable: false });
}

function closing(output: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (output.closed) {
      resolve();
    } else {
      output.once('close', () => resolve());
    }
  });
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
