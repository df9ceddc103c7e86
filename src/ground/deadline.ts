import { setMaxListeners } from 'node:events';

/*
 * Signals that end by time, or with the first of several. Not by `AbortSignal.timeout` and `AbortSignal.any`: Node 20
 * holds what stands behind them weakly, so that the timer of `any([signal, timeout(ms)])` is collected and never fires
 * (a lint rule keeps them out). Here a real timer and real listeners hold the signal until it is over.
 *
 * Core, extension and local platform share it: it is the one thing that all of them must have right, and it knows none
 * of them.
 */

/** A signal with what it hangs on: whoever made it lets go of it when its work is done. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  readonly dispose: () => void;
}

export interface Deadline extends LinkedSignal {
  /** Whether it was the time that ended the signal. */
  readonly isOver: boolean;
}

/** The longest that a timer of Node's can take; it would fire at once beyond. */
export const longestTimerMs = 2 ** 31 - 1;

/** A signal that ends with the first of these, with its reason, and lets go of the others then. */
export function linkSignals(...sources: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const present = sources.filter((source) => source !== undefined);
  const listeners = present.map((source) => ({ source, end: () => abort(source.reason) }));
  const dispose = (): void => listeners.forEach(({ source, end }) => source.removeEventListener('abort', end));
  const abort = (reason: unknown): void => {
    dispose();
    controller.abort(reason);
  };
  for (const { source, end } of listeners) {
    // Many calls at once may hang on one signal, and each lets go of it: nothing that Node had to warn of.
    setMaxListeners(0, source);
    source.addEventListener('abort', end);
  }
  const ended = present.find(({ aborted }) => aborted);
  if (ended !== undefined) abort(ended.reason);
  return { signal: controller.signal, dispose };
}

/**
 * Calls once when a signal ends, unless another one has ended before. Not by the `signal` option of `addEventListener`: of several on
 * one target, Node 20 keeps what takes them off for the last only, so that the others stay for as long as the target does.
 */
export function whenEnded(signal: AbortSignal, call: () => void, until: AbortSignal): void {
  if (until.aborted) return;
  const letGo = (): void => {
    signal.removeEventListener('abort', ended);
    until.removeEventListener('abort', letGo);
  };
  const ended = (): void => {
    letGo();
    call();
  };
  setMaxListeners(0, signal);
  signal.addEventListener('abort', ended);
  until.addEventListener('abort', letGo);
}

/**
 * A signal that ends after `ms` milliseconds, or with one of the others if that is sooner. Its timer keeps a process
 * alive until `dispose`, as the work does that waits for it.
 */
export function startDeadline(ms: number, ...others: readonly (AbortSignal | undefined)[]): Deadline {
  const { timer, limit, linked } = limited(ms, others);
  return {
    signal: linked.signal,
    get isOver() {
      return limit.signal.aborted && linked.signal.reason === limit.signal.reason;
    },
    dispose: () => {
      clearTimeout(timer);
      linked.dispose();
    },
  };
}

/** Runs `work` with a signal that ends after `ms` milliseconds or with the other one, and lets go of both then. */
export async function withDeadline<T>(
  ms: number,
  other: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = startDeadline(ms, other);
  try {
    return await work(limit.signal);
  } finally {
    limit.dispose();
  }
}

/**
 * The same for a call that is handed its signal and forgets it. What it hangs on is let go of when the time is over,
 * needed or not; it keeps no process alive.
 */
export function deadline(ms: number, ...others: readonly (AbortSignal | undefined)[]): AbortSignal {
  const { timer, linked } = limited(ms, others);
  timer.unref();
  return linked.signal;
}

function limited(
  ms: number,
  others: readonly (AbortSignal | undefined)[],
): { readonly timer: NodeJS.Timeout; readonly limit: AbortController; readonly linked: LinkedSignal } {
  const limit = new AbortController();
  const linked = linkSignals(limit.signal, ...others);
  const timer = setTimeout(
    () => limit.abort(new DOMException(`The time of ${ms} ms is over.`, 'TimeoutError')),
    Math.min(Math.max(0, ms), longestTimerMs),
  );
  linked.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return { timer, limit, linked };
}
