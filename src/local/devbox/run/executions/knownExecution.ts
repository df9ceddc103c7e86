/** A piece of an output as it is streamed. */
export interface OutputChunk {
  readonly output: string;
  /** Bytes of the output up to the end of this piece: where a reader goes on who has seen it. */
  readonly offset: number;
}

/** The end of an output. */
export interface OutputTail {
  readonly text: string;
  /** True if there is more before it, or more was written than is kept. */
  readonly truncated: boolean;
}

/** What a command wrote to one of its outputs. */
export interface Output {
  /** The last lines of what has been written so far. */
  tail(lines: number): Promise<OutputTail>;
  /**
   * The output from a byte on, then what comes, until the output has come to its end. Characters are never split.
   * @param from a byte offset that an earlier chunk gave, or 0
   */
  follow(from: number, signal: AbortSignal): AsyncGenerator<OutputChunk>;
}

export type ExecutionStatus = 'queued' | 'running' | 'completed';

/** An execution as those see it who ask for it: one that runs, or one that is only remembered. */
export interface KnownExecution {
  readonly id: string;
  readonly request: { readonly shellName: string | undefined };
  readonly status: ExecutionStatus;
  /** Exit code, or 128 + signal number; set once it is completed. */
  readonly exitStatus: number | undefined;
  /** Settles when the command has ended and its output is complete. */
  readonly completed: Promise<void>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Ends the command with SIGKILL; one that is still queued will not be started. */
  kill(whom: 'process' | 'group'): void;
  /** Sends SIGINT to the command's process group, as Ctrl-C does. False when it does not run. */
  interrupt(): boolean;
  /**
   * Writes to the command's standard input.
   * @returns false when it no longer reads
   * @throws DevboxError `invalid` when it was started without an open input
   */
  sendText(text: string): Promise<boolean>;
  /** Ends the command's standard input; see `sendText`. */
  endInput(): Promise<boolean>;
}
