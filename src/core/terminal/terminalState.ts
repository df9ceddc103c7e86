import type { Filled } from './shownOutput';

/** What a terminal is doing, told whenever it changes. */
export type TerminalState =
  | { readonly kind: 'connecting' }
  /** A shell was made; `wasKnown`: there was one before, which has ended. */
  | { readonly kind: 'open'; readonly isNew: true; readonly wasKnown: boolean }
  /** The shell from before. `filled`: what is shown of the time when nobody was connected, which was `awayMs`. */
  | { readonly kind: 'open'; readonly isNew: false; readonly awayMs: number; readonly filled: Filled }
  /** The connection was lost, and is looked for. */
  | { readonly kind: 'lost'; readonly error: unknown }
  /** Somebody else is connected to the shell. */
  | { readonly kind: 'taken' }
  /** The devbox does not run; {@link TerminalSession.retry} once it does. */
  | { readonly kind: 'stopped'; readonly status: string }
  /** It cannot be had; {@link TerminalSession.retry} tries again. */
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'ended' };
