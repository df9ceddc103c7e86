/** How a command is run. */
export interface CommandOptions {
  /** What it reads; nothing if absent. */
  readonly stdin?: Uint8Array | undefined;
  /** Ends the command too. */
  readonly signal: AbortSignal;
  /** Milliseconds after which it is ended and given up. */
  readonly deadlineMs: number;
}

/** How a command ended. Its outputs are what the devbox says: hostile. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** Runs commands in one devbox, whatever carries them there. */
export interface DevboxCommands {
  /**
   * Runs a command in bash and waits for its end. It runs once, or not at all.
   *
   * @throws RuntimeError if it cannot be run; that it fails is no error here
   */
  run(command: string, options: CommandOptions): Promise<CommandResult>;
}
