import type { Param } from '../problems/problem';
import type { Disposable } from '../events';
import type { LogEntry } from '../platform/logEntry';
import type { FollowPosition, PositionNotice } from './followPosition';

export type FollowNotice =
  | PositionNotice
  /** The connection was cut; following goes on by itself. */
  | { readonly kind: 'interrupted'; readonly why: Param }
  /** What was cut goes on. */
  | { readonly kind: 'reconnected' }
  /** The devbox is suspended; following goes on when it runs again. */
  | { readonly kind: 'suspended' }
  /** Something on the way keeps the stream back: the list is read instead for a while. */
  | { readonly kind: 'held' }
  /** A stream that was kept back comes again. */
  | { readonly kind: 'streamed' }
  /** There is no stream of the whole log here: executions are streamed one by one, the rest is read again and again. */
  | { readonly kind: 'polling' };

export type FollowEvent =
  | { readonly type: 'lines'; readonly lines: readonly LogEntry[] }
  | { readonly type: 'notice'; readonly notice: FollowNotice };

/** Milliseconds between attempts; while nothing comes, the first value grows to the second. */
export interface FollowPace {
  /** After a cut. */
  readonly reconnectMs: readonly [number, number];
  /** Between reads where there is no stream, or one that the server ends by itself: the shortest and the longest pause. */
  readonly pollMs: readonly [number, number];
  /** Until an open stream that is silent is compared with the list. Default: 10 s, and up to 10 minutes. */
  readonly silentMs?: readonly [number, number];
  /** Until a stream is tried again that was kept back. Default: 2 minutes, and up to half an hour. */
  readonly heldMs?: readonly [number, number];
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Where an earlier follow of the same log had come to; moved on by this one. */
  readonly position?: FollowPosition;
  readonly pace?: FollowPace;
  /** Tells of what makes news likely, or somebody wait for them: a log that is read from time to time is then read at once. */
  readonly lookNow?: (listener: () => void) => Disposable;
  /** Told of every piece that came over the wire, in bytes. */
  readonly onBytes?: (count: number) => void;
}
