/** Exit codes that the contract promises to whoever starts the server. */
export const exitCodes = { usage: 2, unusable: 1, initialisation: 3 } as const;

/** A reason not to start: what is wrong and what to do, and the exit code that belongs to it. */
export class StartupError extends Error {
  override readonly name = 'StartupError';

  /**
   * @param message what is wrong and what to do next
   * @param exitCode the process's exit code
   */
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}
