import { linkSignals } from '../../ground/deadline';
import { Emitter, type Disposable } from '../events';
import type { RunloopApi } from '../platform/runloopApi';
import { followEvents } from './followDevbox';
import type { FollowEvent, FollowOptions } from './followEvent';
import { FollowPosition } from './followPosition';
import { RepeatedNotices } from './repeatedNotices';

/** Whoever looks at what is followed. */
export interface Audience {
  /** True while the output can be seen. */
  readonly isShown: boolean;
  /** Told whenever that may have changed. */
  onChange(listener: () => void): Disposable;
}

export interface FollowWhileShownOptions extends FollowOptions {
  readonly audience: Audience;
  /** Milliseconds that nobody must have looked for before following pauses; Infinity: it never does. */
  readonly pauseAfterMs: () => number;
}

/**
 * `followEvents` for an audience: when nobody has looked for a while, it pauses and costs nothing, and catches up at once
 * when somebody looks again. Where the log is read from time to time, looking again brings its news at once as well.
 *
 * @throws RuntimeError for failures that will not pass
 */
export async function* followWhileShown(
  api: RunloopApi,
  devboxId: string,
  options: FollowWhileShownOptions,
): AsyncGenerator<FollowEvent> {
  const { audience, signal } = options;
  const position = options.position ?? new FollowPosition();
  const said = new RepeatedNotices();
  while (!signal.aborted) {
    const watch = new Watch(audience, options.pauseAfterMs);
    const either = linkSignals(signal, watch.signal);
    const lookNow = (listener: () => void): Disposable => {
      const subscriptions = [watch.onShown(listener), options.lookNow?.(listener)];
      return { dispose: () => subscriptions.forEach((subscription) => subscription?.dispose()) };
    };
    try {
      for await (const event of followEvents(api, devboxId, {
        ...options,
        position,
        lookNow,
        signal: either.signal,
      })) {
        if (said.shouldShow(event)) yield event;
      }
      if (!watch.signal.aborted) return;
    } finally {
      either.dispose();
      watch.dispose();
    }
    await untilShown(audience, signal);
  }
}

/** Ends a follow when nobody has looked for long, and tells when somebody looks again. */
class Watch implements Disposable {
  readonly #audience: Audience;
  readonly #pauseAfterMs: () => number;
  readonly #stop = new AbortController();
  readonly #subscription: Disposable;
  #timer: NodeJS.Timeout | undefined;
  #wasShown: boolean;
  readonly #shown = new Emitter<void>();
  readonly onShown = this.#shown.on;

  constructor(audience: Audience, pauseAfterMs: () => number) {
    this.#audience = audience;
    this.#pauseAfterMs = pauseAfterMs;
    this.#wasShown = audience.isShown;
    this.#subscription = audience.onChange(() => this.#look());
    this.#arm();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#shown.dispose();
  }

  #look(): void {
    const { isShown } = this.#audience;
    if (isShown === this.#wasShown) return;
    this.#wasShown = isShown;
    this.#arm();
    if (isShown) this.#shown.fire();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ms = this.#pauseAfterMs();
    if (!this.#wasShown && Number.isFinite(ms)) this.#timer = setTimeout(() => this.#stop.abort(), ms);
  }
}

async function untilShown(audience: Audience, signal: AbortSignal): Promise<void> {
  if (audience.isShown || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      subscription.dispose();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const subscription = audience.onChange(() => {
      if (audience.isShown) done();
    });
    signal.addEventListener('abort', done);
  });
}
