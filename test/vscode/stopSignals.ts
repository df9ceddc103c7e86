const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal that asked this program to end, and what to do about it. */
export interface StopRequest {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; its reason is a {@link Stopped}. */
  readonly signal: AbortSignal;
  /** Stops listening, so that the next signal ends the program at once. */
  dispose(): void;
}

/** The user or the system asked this program to end. */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  /** @param signal the signal that arrived */
  constructor(readonly signal: (typeof signals)[number]) {
    super(`Stopped by ${signal}.`);
  }

  /** What a shell expects of a program that a signal has ended: 128 and the signal's number. */
  get exitCode(): number {
    return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[this.signal];
  }
}

/**
 * Turns the signals that end a program into an AbortSignal. Later signals are swallowed until `dispose`, because npm and
 * the terminal both send one for a single Ctrl-C, and cleaning up must not be cut short by the second.
 */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  const listeners = signals.map((signal) => {
    const listener = (): void => controller.abort(new Stopped(signal));
    process.on(signal, listener);
    return { signal, listener };
  });
  return {
    signal: controller.signal,
    dispose: () => listeners.forEach(({ signal, listener }) => process.off(signal, listener)),
  };
}
