import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import { isAborted } from '../errors';
import type { FollowEvent, FollowOptions } from './followEvent';

/** What is looked at while a stream is silent. */
export interface StreamDoubt {
  /** Entries that the list has; undefined if they are the same as when they were counted last. */
  readonly listed: number | undefined;
  readonly hasEnded: boolean;
}

export interface StreamWatchOptions {
  readonly follow: FollowOptions;
  /** Milliseconds of silence until the list is looked at, and the longest pause between two looks. */
  readonly silentMs: readonly [number, number];
  /** Milliseconds until a stream is tried again that was held back: at first, and at most. */
  readonly heldMs: readonly [number, number];
  /** Looks at the list, and whether the devbox still lives. */
  readonly look: (signal: AbortSignal) => Promise<StreamDoubt>;
  /** Entries that have been handed on. */
  readonly count: () => number;
}

/** How much longer each pause between two looks is than the one before. */
const growth = 4;
/** A pause is so many times as long as the look before it took: where nothing tells that a log is the same, it is read. */
const restAfterLook = 50;
/** Hints make it look at once, but not more often than in such a part of the longest pause. */
const restAfterHint = 20;

/**
 * Doubts an open stream that is silent. Something on the way may keep back what a server streams, for ever and without an
 * error; then the list has more than the stream gave, and is read instead for a while.
 */
export class StreamWatch {
  readonly #options: StreamWatchOptions;
  #heldUntil = -Infinity;
  #heldMs: number;
  #wasHeld = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
    this.#heldMs = options.heldMs[0];
  }

  /** True while the list is to be read instead of the stream. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** What a stream brings, until it ends or is held back. */
  async *watched(open: (signal: AbortSignal) => AsyncGenerator<FollowEvent>): AsyncGenerator<FollowEvent> {
    const { follow, silentMs } = this.#options;
    const stop = new AbortController();
    const { signal, dispose } = linkSignals(follow.signal, stop.signal);
    const events = open(signal);
    let next = events.next();
    let [pauseMs, lookedMs] = [silentMs[0], -Infinity];
    let pause = new AbortController();
    const hints = follow.lookNow?.(() => {
      // Something was done in the devbox: a stream that works tells soon.
      if (performance.now() - lookedMs < silentMs[1] / restAfterHint) return;
      pauseMs = silentMs[0] / growth;
      pause.abort();
    });
    try {
      for (;;) {
        pause = new AbortController();
        const silence = sleep(pauseMs, 'silent' as const, { signal: pause.signal }).catch(() => 'woken' as const);
        const come = await Promise.race([next, silence]).finally(() => pause.abort());
        if (come === 'woken') continue;
        if (come !== 'silent') {
          if (come.done === true) return;
          if (this.#wasHeld) yield { type: 'notice', notice: { kind: 'streamed' } };
          this.#wasHeld = false;
          this.#heldMs = this.#options.heldMs[0];
          pauseMs = silentMs[0];
          yield come.value;
          next = events.next();
          continue;
        }
        if (isAborted(signal)) return;
        const began = performance.now();
        const doubt = await this.#doubt(next, signal);
        lookedMs = performance.now();
        if (doubt !== undefined) {
          this.#hold();
          if (!doubt.hasEnded) yield { type: 'notice', notice: { kind: 'held' } };
          return;
        }
        pauseMs = Math.min(Math.max(pauseMs * growth, (lookedMs - began) * restAfterLook), silentMs[1]);
      }
    } finally {
      hints?.dispose();
      stop.abort();
      // Whoever waits for it has its failure already.
      await next.catch(() => undefined);
      dispose();
    }
  }

  /** @returns what speaks against the stream; undefined if nothing does, or it cannot be found out now */
  async #doubt(next: Promise<unknown>, signal: AbortSignal): Promise<StreamDoubt | undefined> {
    const { look, count, silentMs } = this.#options;
    // A look that fails proves nothing; what the stream itself suffers it tells by itself.
    const seen = await look(signal).catch(() => undefined);
    if (seen === undefined || !(seen.hasEnded || (seen.listed ?? 0) > count())) return undefined;
    // It may be on its way just now.
    const grace = new AbortController();
    const came = await Promise.race([
      next.then(
        () => true,
        () => true,
      ),
      sleep(silentMs[0] / growth, false, { signal: grace.signal }).catch(() => true),
    ]).finally(() => grace.abort());
    return came || isAborted(signal) ? undefined : seen;
  }

  #hold(): void {
    this.#wasHeld = true;
    this.#heldUntil = performance.now() + this.#heldMs;
    this.#heldMs = Math.min(this.#heldMs * 2, this.#options.heldMs[1]);
  }
}
