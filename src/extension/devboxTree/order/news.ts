/** An eviction that was announced. */
export interface Announced {
  /** When Runloop suspends the devbox, in Unix milliseconds of the server's clock. */
  readonly deadlineMs: number;
  /** When this window learnt of it, by the same clock. */
  readonly heardMs: number;
}

/** The same, of which devbox. */
export interface Eviction {
  readonly devboxId: string;
  readonly deadlineMs: number;
}

/** A create that was sent, and of which nobody knows what came of it: there is no devbox to show. */
export interface LostStart {
  readonly requestId: string;
  /** The name that was asked for. */
  readonly name: string;
  /** `awaited`: nothing is there, and something may still come. `unknown`: the account could not be asked. */
  readonly kind: 'awaited' | 'unknown';
}
