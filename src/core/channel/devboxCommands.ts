/** How a command is run. */
export interface CommandOptions {
  /** What it reads; nothing if absent. */
  readonly stdin?: Uint8Array | undefined;
  /** Ends the command too. */
  readonly signal: AbortSignal;
  /** Milliseconds after which it is ended and given up. */
  readonly deadlineMs: number;
  /** Told as soon as it may have been started: whatever fails from then on, it may run, or have run. */
  readonly onStarted?: (() => void) | undefined;
  /**
   * For a command that only reads: what it prints may come by a further request, as bytes and not as text, where it is much. Asked
   * before that request; where the devbox has no room for it, the command is run again.
   *
   * @throws RuntimeError where nothing is to be asked of the devbox now
   */
  readonly beforeFetch?: (() => Promise<void>) | undefined;
}

/** How a command ended. Its outputs are what the devbox says: hostile. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** A command that prints for as long as it likes, and can be told things meanwhile. */
export interface OpenCommand {
  /**
   * What it prints, by whole lines of text, as they come, until it has ended. Bytes that are not UTF-8 are lost.
   *
   * @throws RuntimeError if it cannot be followed
   */
  lines(): AsyncIterable<readonly string[]>;
  /** Writes a line to its standard input (descriptor 4). @returns whether it took it */
  tell(line: string): Promise<boolean>;
  /** Ends it with all that it has started; harmless when it has ended. */
  end(): Promise<void>;
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

/** Starts commands in one devbox whose output comes while they run. */
export interface CommandOpener {
  /**
   * Starts a command. Whoever starts it ends it.
   *
   * @param options.signal ends following it, not the command
   * @throws RuntimeError if it cannot be started
   */
  open(
    command: string,
    options: Omit<CommandOptions, 'deadlineMs' | 'onStarted'> & {
      /** Whether it is told things. */ readonly isFed?: boolean;
    },
  ): Promise<OpenCommand>;
}
