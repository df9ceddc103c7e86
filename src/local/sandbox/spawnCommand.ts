import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { codeOf, DevboxError } from '../errors';
import { type Pipe, type Pipes, closePipes } from '../host/pipes';
import { type StartedProcess, ownChild } from '../host/starter/startedProcess';
import type { Hold } from '../host/starter/starter';
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

/** What holds a program to a sandbox before it is in it. */
export interface Held extends Hold {
  readonly pipes: Pipes;
  /** Words in front of its command for whoever starts it in another way than by the starter of these pipes. */
  readonly words: readonly string[];
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
 * @param held what it is held to, and by what it is started where that is ready
 * @throws DevboxError `invalid` for words that Linux does not take, `exhausted` when no program can be started now
 */
export function spawnCommand(
  argv: readonly string[],
  command: Omit<SandboxCommand, 'argv'>,
  findLeader: FindLeader = (pid) => pid,
  held?: Held,
): SandboxProcess & { readonly pid: number | undefined } {
  const { child, stdin, stdout, stderr } = start(argv, command, held);
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
  const exited = child.exited.then((end) => {
    if ('refused' in end) {
      command.onStderr?.(Buffer.from(`The command could not be started (${end.refused}).\n`));
      return { code: 127 };
    }
    if (end.isLost) {
      const leader = child.pid === undefined ? undefined : findLeader(child.pid);
      if (leader !== undefined) signalProcess(-leader, 'SIGKILL');
    }
    return end;
  });
  const closed = Promise.all([exited, ...[stdout, stderr].map(closing)]).then(() => undefined);
  const kill = (signal: NodeJS.Signals, whom: 'process' | 'group'): void => {
    if (child.hasEnded) {
      return;
    }
    const leader = child.pid === undefined ? undefined : findLeader(child.pid);
    if (leader === undefined || !signalProcess(whom === 'group' ? -leader : leader, signal)) {
      // It is still on its way in: what is to be signalled is there in a moment, or has ended by then.
      setTimeout(() => kill(signal, whom), leaderPause);
    } else if (signal === 'SIGKILL' && leader !== child.pid) {
      // It stops with what it waits for, and would not notice the end.
      wake(child.pid);
    }
  };
  return {
    // Not yet there when the starter starts it.
    get pid() {
      return child.pid;
    },
    exited,
    closed,
    stdin,
    stdout,
    stderr,
    kill,
  };
}

interface Started {
  readonly child: StartedProcess;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

function start(
  argv: readonly string[],
  { environment, input, pipes: given }: Omit<SandboxCommand, 'argv'>,
  held: Held | undefined,
): Started {
  const needed = input === undefined ? 2 : 3;
  // A program of Node's can end its output before it ends itself only on a socket: who has an input may be such a one.
  const pipes = given ?? (input === 'open' ? undefined : held?.pipes.takeReady(needed)) ?? [];
  const [out, err, into] = pipes;
  const starter = held?.pipes.starter;
  const words = [...(held?.words ?? []), ...argv];
  const usual = input === undefined ? 'ignore' : 'pipe';
  const ends = pipes.map(({ read, write }, at) => (at === 2 ? read : write));
  if (out === undefined || err === undefined) {
    const child = spawnByNode(words, environment, [usual, 'pipe', 'pipe']);
    const { stdin, stdout, stderr } = child;
    if (stdout === null || stderr === null) {
      throw new DevboxError('failed', 'The command could not be given an output.');
    }
    return { child: ownChild(child), stdin: stdin ?? undefined, stdout, stderr };
  }
  let child: StartedProcess;
  let stdin: Writable | undefined;
  try {
    if (held !== undefined && starter?.isReady === true && pipes.length === needed) {
      requireWords(argv);
      child = starter.start(argv, environment, ends, held);
    } else {
      const own = spawnByNode(words, environment, [into?.read ?? usual, out.write, err.write]);
      ends.forEach((end) => closeSync(end));
      child = ownChild(own);
      stdin = own.stdin ?? undefined;
    }
  } catch (error) {
    closePipes(pipes);
    throw error;
  }
  return {
    child,
    stdin: into === undefined ? stdin : new Socket({ fd: into.write, readable: false, writable: true }),
    stdout: readable(out),
    stderr: readable(err),
  };
}

function spawnByNode(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  stdio: StdioOptions,
): ChildProcess {
  const [file, ...args] = requireWords(words);
  return startProgram(file, args, { env: { ...environment }, cwd: '/', detached: true, stdio });
}

function requireWords([file, ...args]: readonly string[]): readonly [string, ...string[]] {
  if (file === undefined) {
    throw new DevboxError('invalid', 'A command needs at least one word.');
  }
  args.forEach((word) => requireCommand(word, 'A single word of a command'));
  return [file, ...args];
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
