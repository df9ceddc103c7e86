import { deadline } from '../../ground/deadline';
import type { Disposable } from '../events';
import type { Devbox } from '../platform/devbox';

/** Milliseconds as they pass, and what is done while they do. */
export interface ActivityClock {
  now(): number;
  every(ms: number, work: () => void): Disposable;
}

export interface ActivityOptions {
  /** The computer's own unless a test gives another. */
  readonly clock?: ActivityClock | undefined;
  /** Asked each time; false: nothing is told. Default: always. */
  readonly isOn?: (() => boolean) | undefined;
  /** Runloop was told that this devbox is in use. */
  readonly onTold?: ((devboxId: string) => void) | undefined;
  /** It could not be told; whatever was being done goes on. Called for the first of several failures in a row. */
  readonly onFailure?: ((devboxId: string, error: unknown) => void) | undefined;
}

/** A devbox that somebody uses. */
export interface UsedDevbox extends Pick<Devbox, 'id' | 'idleRule'> {
  /** Tells Runloop, once. */
  readonly tell: (signal: AbortSignal) => Promise<void>;
}

interface Told {
  atMs: number;
  hasFailed: boolean;
}

/** The part of the idle time in which Runloop is told at most once. */
const part = 1 / 10;
/** Milliseconds that telling may take. */
const tellMs = 20_000;

const computerClock: ActivityClock = {
  // Not the time of day, which may be put back.
  now: () => performance.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    timer.unref();
    return { dispose: () => clearInterval(timer) };
  },
};

/**
 * Tells Runloop that a person uses a devbox, at most once in a tenth of its idle time. Of a devbox without an idle rule it
 * tells nothing: its lifetime ends it all the same. Nothing is ever sent that no use has asked for.
 */
export class DevboxActivity {
  readonly #options: ActivityOptions;
  readonly #clock: ActivityClock;
  readonly #told = new Map<string, Told>();

  constructor(options: ActivityOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? computerClock;
  }

  /** A person has done something in a devbox. Never fails. */
  used(devbox: UsedDevbox): void {
    const everyMs = pauseOf(devbox);
    if (everyMs === undefined || this.#options.isOn?.() === false) return;
    const nowMs = this.#clock.now();
    const told = this.#told.get(devbox.id);
    if (told !== undefined && nowMs - told.atMs < everyMs) return;
    const mine = { atMs: nowMs, hasFailed: told?.hasFailed ?? false };
    this.#told.set(devbox.id, mine);
    devbox.tell(deadline(tellMs)).then(
      () => {
        mine.hasFailed = false;
        this.#options.onTold?.(devbox.id);
      },
      (error: unknown) => {
        if (!mine.hasFailed) this.#options.onFailure?.(devbox.id, error);
        mine.hasFailed = true;
      },
    );
  }

  /** Somebody waits for what is done in a devbox: it is used as long as that takes. */
  async during<T>(devbox: UsedDevbox, work: () => Promise<T>): Promise<T> {
    this.used(devbox);
    const everyMs = pauseOf(devbox);
    const renewing = everyMs === undefined ? undefined : this.#clock.every(everyMs, () => this.used(devbox));
    try {
      return await work();
    } finally {
      renewing?.dispose();
      this.used(devbox);
    }
  }
}

/** Milliseconds between two tellings; undefined where there is no idle time to renew. */
function pauseOf({ idleRule }: UsedDevbox): number | undefined {
  return idleRule !== undefined && idleRule.seconds > 0 ? idleRule.seconds * 1000 * part : undefined;
}
