import type { Readable, Writable } from 'node:stream';
import type { DevboxGroup } from './controlGroups/devboxGroup';
import type { Pipe, Pipes } from '../host/pipes';
import type { ProcessScope } from '../host/scopeProcesses';
import type { FileStep } from './hands/fileStep';
import type { DevboxUser } from './users';

/** How a command ended. */
export interface ExitStatus {
  /** Exit code, or 128 + signal number when a signal ended it. */
  readonly code: number;
}

/** A command running in a devbox. */
export interface SandboxProcess {
  /** Settles when the command itself has ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** Settles when nobody can write to its output any more; never rejects. */
  readonly closed: Promise<void>;
  /** Its standard input, when it was asked to stay open. */
  readonly stdin: Writable | undefined;
  /** Its output, for those who read it at their own pace instead of by `onStdout`. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Sends a signal; does nothing when the command has ended.
   * @param whom the first process only, or all of its process group
   */
  kill(signal: NodeJS.Signals, whom: 'process' | 'group'): void;
}

/** What to run in a devbox and where its output goes. */
export interface SandboxCommand {
  /** The words of the command, as the devbox sees them. */
  readonly argv: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Working folder, as the devbox sees it. */
  readonly cwd: string;
  /** Whose process it is; root's if nothing is said, and where there is one user only. */
  readonly user?: DevboxUser;
  /** Real pipes for its output, its error output and, with an open input, its input; pairs of sockets else. They are the command's then. */
  readonly pipes?: readonly Pipe[];
  /** Bytes for its standard input; `open` leaves it open for the caller to write to; nothing means an empty input. */
  readonly input?: Buffer | 'open';
  /** Gets the output; without it the caller reads the stream of the same name, or the command stops at a full pipe. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
}

/** The closed room in which a devbox's processes run. */
export interface Sandbox {
  /** In front of every path of the devbox: empty when it has a file system view of its own. */
  readonly prefix: string;
  /** Where pipes for commands are to be had. */
  readonly pipes: Pipes;
  /** Its processes can belong to several users. */
  readonly hasUsers: boolean;
  /** Settles when the sandbox has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** How its processes are told from others, once it is built. */
  readonly scope: ProcessScope;
  /** The control group that holds its processes, once it is built and where the kernel may be asked to. */
  readonly group: DevboxGroup | undefined;
  /**
   * Builds the room.
   * @throws DevboxError `failed` with the reason when it cannot be built.
   */
  start(signal: AbortSignal): Promise<void>;
  /** Starts a command. Failing to start it ends it with code 127 and a line on its stderr. */
  run(command: SandboxCommand): SandboxProcess;
  /**
   * Does something to a file with programs that the devbox cannot have changed, as far as the computer can.
   * @throws DevboxError `wrong_state` when the sandbox is not there
   */
  reach(step: FileStep): SandboxProcess;
  /** The command text as the devbox must see it. */
  translate(command: string): string;
  /** Words in front of a host program that put it into the network of a sandbox with an isolated network, and nothing else of it. */
  enterNetwork?(): readonly string[];
  /** Ends every process inside and comes back when they are gone. Safe to call more than once. */
  stop(): Promise<void>;
}

/** The ways of closing a room, strongest first. */
export type SandboxMode = 'user-namespace' | 'root-namespace' | 'plain';

/** A host file or folder that devboxes see read-only. */
export interface ReadOnlyBind {
  readonly source: string;
  /** Absolute path inside the devbox. */
  readonly target: string;
}
